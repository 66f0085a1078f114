-- Many VMs on many threads; spawn_context_threads (03 §5, §6).
local test = require 'test'
local tools = require './_tools'
local inbox = require 'inbox'
local remote = tools.remote
local ffi = require 'ffi'

ffi.cdef [[
    void *fopen(const char *, const char *);
    size_t fread(void *, size_t, size_t, void *);
    int fclose(void *);
]]

test('03.31 spawn_context_threads: arguments', function()
    for _, bad in ipairs { '1', true, {}, print } do
        local e = test.raises_string(function() spawn_context_threads(bad) end)
        test.ok(e:find("bad argument #1 to 'spawn_context_threads' (number expected, got " .. type(bad) .. ')', 1, true), e)
    end
    test.raises_string(function() spawn_context_threads() end, 'number expected, got no value')
    for _, count in ipairs { 0, -1, 0 / 0, -math.huge, 0.99 } do spawn_context_threads(count) end
end)

test('03.31 hint 1', function()
    local results = { tools.eval([[
        local results = {}
        for i, count in ipairs { 0, 1, -1, 0 / 0, 2.5 } do
            local ok, e = pcall(spawn_context_threads, count)
            results[i] = not ok and tostring(e) or 'ok'
        end
        local ok, e = pcall(function() spawn_context_threads '1' end)
        results[6] = e:match 'number expected, got string'
        return unpack(results)
    ]], {}, { inherit_context = false, concurrency_hint = 1 }) }
    local refused = 'Operation not supported'
    test.eq(results, { refused, refused, refused, refused, refused, 'number expected, got string' })
end)

test('03.21 8 VMs on 4 threads', function()
    spawn_context_threads(3)
    local n = 1000
    for i = 1, 8 do
        remote([[ for k = 1, job.n do job.reply:send{ job.i, k } end ]], { n = n, i = i }):close()
    end
    local last = {}
    for i = 1, 8 do last[i] = 0 end
    for _ = 1, 8 * n do
        local m = inbox:receive()
        test.eq(m[2], last[m[1]] + 1)
        last[m[1]] = m[2]
    end
    for i = 1, 8 do test.eq(last[i], n) end
    test.raises_code(function() inbox:receive() end, 16, 'emilua.core')
end)

test('03.21 a ring of VMs in pools of their own', function()
    local count, rounds = 6, 200
    local channels = {}
    for i = 1, count do
        channels[i] = remote([[
            local next = inbox:receive()
            while true do
                local m = inbox:receive()
                if m == 1 then job.reply:send 'round and round' break end
                next:send(m - 1)
                if m <= job.count then break end
            end
        ]], { count = count }, { inherit_context = false, concurrency_hint = i % 2 })
    end
    for i = 1, count do channels[i]:send(channels[i % count + 1]) end
    channels[1]:send(count * rounds)
    test.eq(inbox:receive(), 'round and round')
end)

local function address_space()
    local file = ffi.C.fopen('/proc/self/statm', 'r')
    local buffer = ffi.new('char[200]')
    local n = ffi.C.fread(buffer, 1, 200, file)
    ffi.C.fclose(file)
    return tonumber(ffi.string(buffer, n):match '^%d+') * 4096
end

test('03.21 pools that have ended leave nothing', function()
    local before
    for i = 1, 300 do
        local channel = remote('job.reply:send(1)', {}, { inherit_context = false })
        test.eq(inbox:receive(), 1)
        channel:close()
        if i == 100 then before = address_space() end
    end
    local grown = address_space() - before
    test.ok(test.sanitizer or grown < 200e6, grown)
end)

test.done()
