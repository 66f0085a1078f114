local test = require 'test'
local stream, regex, pipe, asio_error = require 'stream', require 'regex', require 'pipe', require 'asio_error'
local EOF = asio_error.misc.eof

local function new_regex(pattern, options)
    options = options or {}
    options.pattern, options.grammar = pattern, 'ecma'
    return regex.new(options)
end

-- A stream that gives one chunk a call, at most what fits, then raises `last`. A chunk that is a table is raised.
local function reader(chunks, last)
    if type(chunks) == 'string' then chunks = { chunks } end
    local self = { calls = 0, sizes = {} }
    function self:read_some(buffer)
        self.calls = self.calls + 1
        self.sizes[self.calls] = #buffer
        local chunk = table.remove(chunks, 1)
        if chunk == nil then error(last or EOF, 0) end
        if type(chunk) == 'table' then error(chunk[1], 0) end
        local n = buffer:copy(chunk)
        if n < #chunk then table.insert(chunks, 1, chunk:sub(n + 1)) end
        return n
    end
    return self
end

local function new(chunks, options)
    options = options or {}
    options.stream = reader(chunks)
    return stream.scanner.new(options)
end

local function text(value)
    if type(value) ~= 'table' then return tostring(value) end
    local texts = {}
    for i, v in ipairs(value) do texts[i] = tostring(v) end
    return texts
end

local function at_end(sc) test.error(function() sc:get_line() end, EOF) end

-- All that is left, as texts.
local function rest(sc)
    local all = {}
    while true do
        local ok, r = pcall(sc.get_line, sc)
        if not ok then
            test.ok(r == EOF, tostring(r))
            return all
        end
        all[#all + 1] = text(r)
    end
end

test('04.30 new', function()
    local names = {}
    for name in pairs(stream.scanner) do names[name] = true end
    test.eq(names, { new = true, with_awk_defaults = true, mt = true })
    local sc = stream.scanner.new()
    test.eq({ sc.record_separator, sc.max_record_size, sc.record_number }, { '\n', 65536, 0 })
    test.eq({ sc.record_terminator, sc.buffer_size_hint, sc.stream }, {})
    test.ok(getmetatable(sc) == stream.scanner.mt)
    test.eq(type(stream.scanner.mt.__index), 'table')
    for _, name in ipairs { 'get_line', 'buffered_line', 'remove_line', 'buffer', 'set_buffer' } do
        test.ok(stream.scanner.mt.__index[name])
    end
    local options = { buffer_size_hint = 10, record_number = 7, mine = 'kept', record_separator = false }
    test.ok(rawequal(stream.scanner.new(options), options))
    test.eq({ options.mine, options.record_number, options.record_separator }, { 'kept', 0, '\n' })
    test.eq(options.buffer_size_hint, nil)
    for _, wrong in ipairs { 1, 'x', true } do test.throws(stream.scanner.new, wrong) end
    for _, wrong in ipairs { -1, '1', true, 0 / 0 } do
        test.raises_code(function() stream.scanner.new { buffer_size_hint = wrong } end, 22, 'generic')
    end
    test.throws(function() stream.scanner.new():get_line() end)
end)

test('04.30 sizes of the buffer', function()
    for hint, size in pairs { [0] = 4096, [10] = 10, [10.9] = 10, [100000] = 100000, [2000000] = 2000000 } do
        local sc = new('a\n', { buffer_size_hint = hint })
        sc:get_line()
        test.eq(sc.stream.sizes[1], size)
    end
    local sc = new('a\n')
    sc:get_line()
    test.eq(sc.stream.sizes[1], 4096)
    if not test.sanitizer then -- theirs end the process
        test.raises_code(function() new('a\n', { buffer_size_hint = 1e18 }):get_line() end, 12, 'generic')
    end
end)

test('04.31 records', function()
    local sc = new 'a\nb\n\nc\n'
    for i, expected in ipairs { 'a', 'b', '', 'c' } do
        local record = sc:get_line()
        test.eq(getmetatable(record), 'byte_span')
        test.eq({ tostring(record), sc.record_number, sc.record_terminator }, { expected, i, '\n' })
    end
    at_end(sc)
    test.eq({ sc.record_number, sc.record_terminator }, { 4, '\n' })
    at_end(new '')
end)

test('04.31 any way to cut the input gives the same records', function()
    local input, expected = {}, {}
    for i = 1, 300 do
        expected[i] = ('%d:%s'):format(i, ('x'):rep(i * 37 % 101))
        input[i] = expected[i] .. '\r\n'
    end
    input = table.concat(input)
    for _, size in ipairs { 1, 2, 3, 7, 64, 1000, 100000 } do
        local function cut()
            local chunks = {}
            for i = 1, #input, size do chunks[#chunks + 1] = input:sub(i, i + size - 1) end
            return chunks
        end
        test.eq(rest(new(cut(), { record_separator = '\r\n', buffer_size_hint = 16 })), expected)
        test.eq(rest(new(cut(), { record_separator = new_regex '\r\n', buffer_size_hint = 16 })), expected)
    end
end)

test('04.32 a last record without separator', function()
    local sc = new 'a\nb'
    sc:get_line()
    test.eq(tostring(sc:get_line()), 'b')
    test.eq({ sc.record_terminator, sc.record_number }, { '', 2 })
    at_end(sc)
    at_end(sc)
    test.eq(sc.record_number, 2)
end)

test('04.33 a separator may be split across reads', function()
    test.eq(rest(new({ 'a\r', '\nb\r\r', '\n', 'c\n\r\n' }, { record_separator = '\r\n' })), { 'a', 'b\r', 'c\n' })
    test.eq(rest(new({ 'a-', '-b-', 'c--', '-d' }, { record_separator = '--' })), { 'a', 'b-c', '-d' })
    test.eq(rest(new({ 'aXY', 'Zb', 'XYXY', 'Zc' }, { record_separator = 'XYZ' })), { 'a', 'bXY', 'c' })
end)

test('04.34 a regex separator', function()
    local sc = new('a1b22c', { record_separator = new_regex '[0-9]+' })
    for _, expected in ipairs { { 'a', '1' }, { 'b', '22' }, { 'c', '' } } do
        test.eq({ tostring(sc:get_line()), tostring(sc.record_terminator) }, expected)
        test.eq(getmetatable(sc.record_terminator), 'byte_span')
    end
    at_end(sc)
    test.eq(rest(new({ 'a1', '2b' }, { record_separator = new_regex '[0-9]+' })), { 'a', '', 'b' })
    test.eq(rest(new('a,b', { record_separator = new_regex 'x*' })), { 'a,b' })
    test.eq(rest(new('ab\nac', { record_separator = new_regex '^a' })), { 'ab\nac' })
    test.eq(rest(new('xab', { record_separator = new_regex 'ab$' })), { 'xab' })
    test.eq(rest(new('ab;c', { record_separator = new_regex '\\bab' })), { 'ab;c' })
    test.eq(rest(new('a;b,c', { record_separator = new_regex '(;)|(,)' })), { 'a', 'b', 'c' })
end)

test('04.35 string and regex field separators', function()
    local function fields(separator, input)
        return rest(new(input, { field_separator = separator }))
    end
    local with_empty = { 'a', 'b', '' }
    test.eq(fields(',', 'a,b,\n\n,\n'), { with_empty, {}, { '', '' } })
    test.eq(fields(',', 'a,b,'), { with_empty })
    test.eq(fields('::', 'a::b:c::::d\n'), { { 'a', 'b:c', '', 'd' } })
    test.eq(fields(new_regex ',', 'a,b,\n\n,\n'), { { 'a', 'b' }, { '' }, { '' } })
    test.eq(fields(new_regex ',', 'a,b,'), { { 'a', 'b' } })
    test.eq(rest(new('12 x345 6', { field_pattern = new_regex '[0-9]+' })), { { '12', '345', '6' } })
    test.eq(rest(new('1,2', { field_pattern = new_regex '[0-9]+', field_separator = ',' })), { { '1', '2' } })
    local many = ('a,'):rep(999) .. 'b'
    local sc = new(('%s\nx\n%s'):format(many, many), { field_separator = ',' })
    test.eq({ #sc:get_line(), #sc:get_line(), #sc:get_line() }, { 1000, 1, 1000 })
end)

test('04.36 a function as field separator', function()
    local seen = {}
    local function halves(record)
        seen[#seen + 1] = tostring(record)
        require 'time'.sleep(0)
        return 1, nil, record, nil
    end
    local sc = new('ab\ncd', { field_separator = halves })
    for _, expected in ipairs { 'ab', 'cd' } do
        test.eq(select('#', sc:get_line()), 4)
        test.eq(seen[#seen], expected)
    end
    at_end(sc)
    test.eq(#seen, 2)
    sc = new('ab', { field_separator = setmetatable({}, { __call = function(_, r) return #r end }) })
    test.eq(sc:get_line(), 2)
    sc = new('ab', { field_separator = function() end })
    test.eq(select('#', sc:get_line()), 0)
    for _, wrong in ipairs { 1, true, {}, byte_span.append ',' } do
        test.throws(function() new('ab', { field_separator = wrong }):get_line() end)
    end
end)

test('04.37 a final record with trailing blanks comes once', function()
    local sc = new('a\nb  ', { trim_record = true })
    test.eq(rest(sc), { 'a', 'b' })
    test.eq(sc.record_number, 2)
    sc = new('a\n \t ', { trim_record = true })
    test.eq(rest(sc), { 'a', '' })
    at_end(sc)
end)

test('04.38 trim_record', function()
    test.eq(rest(new(' \f\r\t\va b \n', { trim_record = true })), { 'a b' })
    test.eq(rest(new('xyax \n', { trim_record = 'xy' })), { 'ax ' })
    test.eq(rest(new('xyax \n', { trim_record = byte_span.append 'x ' })), { 'ya' })
    test.eq(rest(new(' a \n', { trim_record = false })), { ' a ' })
    for _, separator in ipairs { ',', new_regex ',' } do
        test.eq(rest(new('xa,bx\n', { trim_record = 'x', field_separator = separator })), { { 'a', 'b' } })
        test.eq(rest(new(' a,b \n', { trim_record = true, field_separator = separator })), { { 'a', 'b' } })
    end
    test.eq(rest(new(' 1 2 \n', { trim_record = true, field_pattern = new_regex '.*' })), { { '1 2' } })
    local sc = new(' a,b \n', { trim_record = true, field_separator = ',' })
    sc:get_line()
    test.eq(tostring(sc:buffered_line()), ' a,b ')
    for _, wrong in ipairs { 1, {}, print } do
        test.raises_code(function() new('a\n', { trim_record = wrong }):get_line() end, 22, 'generic')
        local options = { trim_record = wrong, field_separator = ',' }
        test.raises_code(function() new('a\n', options):get_line() end, 22, 'generic')
    end
end)

test('04.39 with_awk_defaults', function()
    local sc = stream.scanner.with_awk_defaults(reader '  a  b\tc \n\nlast one')
    test.eq({ sc.record_separator, sc.trim_record, sc.max_record_size }, { '\n', true, 65536 })
    test.eq(getmetatable(sc.field_separator), 'regex')
    test.eq(rest(sc), { { 'a', 'b', 'c' }, { '' }, { 'last', 'one' } })
end)

test('04.40 buffered records need no read', function()
    local sc = new { 'a\nb\nc' }
    sc:get_line()
    this_fiber.forbid_suspend()
    test.eq(tostring(sc:get_line()), 'b')
    this_fiber.allow_suspend()
    test.eq(sc.stream.calls, 1)
    test.eq(tostring(sc:get_line()), 'c')
    test.eq(sc.stream.calls, 2)
    local many = {}
    for i = 1, 500 do many[i] = tostring(i) end
    sc = new(table.concat(many, '\n') .. '\n')
    test.eq(rest(sc), many)
    test.eq(sc.stream.calls, 2)
end)

test('04.41 the buffer grows up to max_record_size', function()
    local function sized(input) return new(input, { buffer_size_hint = 4, max_record_size = 16 }) end
    local fitting = ('x'):rep(15)
    local sc = sized(fitting .. '\nab\n')
    test.eq(tostring(sc:get_line()), fitting)
    test.eq(sc.stream.sizes, { 4, 4, 8 })
    test.eq(tostring(sc:get_line()), 'ab')
    for _, input in ipairs { ('y'):rep(16) .. '\n', ('y'):rep(16) } do
        sc = sized(input)
        for _ = 1, 2 do
            local e = test.raises_code(function() sc:get_line() end, 90, 'generic')
            test.eq(tostring(e), 'Message too long')
        end
        local calls = sc.stream.calls
        local buffer, index = sc:buffer()
        test.eq({ tostring(buffer), index, sc.record_number, calls }, { ('y'):rep(16), 1, 0, 3 })
        sc.max_record_size = 17
        test.eq(tostring(sc:get_line()), ('y'):rep(16))
    end
    -- A hint above the limit: the buffer never grows.
    sc = new(('x'):rep(20) .. '\n', { buffer_size_hint = 20, max_record_size = 8 })
    test.raises_code(function() sc:get_line() end, 90, 'generic')
    sc = new(('x'):rep(19) .. '\n', { buffer_size_hint = 20, max_record_size = 8 })
    test.eq(#sc:get_line(), 19)
end)

test('04.42 an interrupted get_line continues later', function()
    local rd, wr = pipe.pair()
    local sc = stream.scanner.new { stream = rd }
    local reading = spawn(function() sc:get_line() end)
    stream.write_all(wr, 'half')
    require 'time'.sleep(0.02)
    reading:interrupt()
    reading:join()
    test.ok(reading.interruption_caught)
    test.eq(sc.record_number, 0)
    stream.write_all(wr, ' whole\nnext\n')
    test.eq(tostring(sc:get_line()), 'half whole')
    test.eq(tostring(sc:get_line()), 'next')
    rd:close()
    wr:close()
end)

test('04.43 other errors come unchanged', function()
    local not_eof = { code = 2, category = 'mine' }
    for _, failure in ipairs { not_eof, 'text', require 'generic_error'.ENOENT } do
        local sc = new { 'ab', { failure }, 'c\n' }
        local ok, e = pcall(sc.get_line, sc)
        test.eq(ok, false)
        test.ok(rawequal(e, failure))
        test.eq(sc.record_number, 0)
        test.eq(tostring(sc:get_line()), 'abc')
    end
    -- After EOF the stream is read again.
    local sc = new { 'a\n', { EOF }, 'b\n' }
    sc:get_line()
    at_end(sc)
    test.eq(tostring(sc:get_line()), 'b')
    -- What a stream returns may be wrong.
    for _, wrong in ipairs { -1, 1e9, 0 / 0, 'x', {} } do
        test.throws(function()
            stream.scanner.new { stream = { read_some = function() return wrong end } }:get_line()
        end)
    end
end)

test('04.44 buffer, remove_line and set_buffer', function()
    local sc = new { 'head\nbody and more\nx', 'yz\n' }
    sc:get_line()
    local buffer, index = sc:buffer()
    test.eq({ tostring(buffer:slice(index)), sc.record_terminator }, { 'head\nbody and more\nx', '\n' })
    sc:remove_line()
    test.eq(sc.record_terminator, nil)
    sc:remove_line()
    test.throws(sc.buffered_line, sc)
    buffer, index = sc:buffer()
    test.eq(tostring(buffer:slice(index)), 'body and more\nx')
    sc:set_buffer(buffer, index + 5)
    test.eq({ tostring(sc:get_line()), sc.record_number }, { 'and more', 2 })
    test.eq({ tostring(sc:get_line()), sc.record_number }, { 'xyz', 3 })
    at_end(sc)
    test.throws(sc.buffered_line, sc)

    sc = new 'tail\n'
    buffer = byte_span.append 'one\ntwo\nth'
    for _, offset in ipairs { 0, -1, #buffer + 2 } do
        test.raises_code(function() sc:set_buffer(buffer, offset) end, 34, 'generic')
    end
    for _, wrong in ipairs { 'text', 1, {} } do test.throws(sc.set_buffer, sc, wrong) end
    test.throws(sc.set_buffer, sc)
    sc:set_buffer(buffer)
    test.eq(rest(sc), { 'one', 'two', 'thtail' })
    sc = new 'tail\n'
    sc:set_buffer(buffer, #buffer + 1)
    test.eq(rest(sc), { 'tail' })
    sc = new 'tail\n'
    sc:set_buffer(byte_span.new(0))
    test.eq(rest(sc), { 'tail' })
    buffer, index = stream.scanner.new():buffer()
    test.eq({ #buffer, index }, { 0, 1 })
end)

test('04.44 what a program writes to the buffer counts', function()
    local sc = new 'a\nb-c\nd\n'
    sc:get_line()
    local buffer = sc:buffer()
    buffer[buffer:find '-'] = 10
    test.eq(rest(sc), { 'b', 'c', 'd' })
end)

test('04.45 separators may change between records', function()
    local sc = new 'a\nb;c,d\n1-2\nx'
    test.eq(tostring(sc:get_line()), 'a')
    sc.record_separator = ';'
    test.eq(tostring(sc:get_line()), 'b')
    sc.record_separator, sc.field_separator = '\n', ','
    test.eq(text(sc:get_line()), { 'c', 'd' })
    sc.field_separator = new_regex '-'
    test.eq(text(sc:get_line()), { '1', '2' })
    sc.field_separator, sc.record_separator = nil, new_regex 'x'
    test.eq({ tostring(sc:get_line()), tostring(sc.record_terminator) }, { '', 'x' })
    -- Records beyond the current one were found already.
    sc = new 'a\nb;\nc;\n'
    sc:get_line()
    sc.record_separator = ';\n'
    test.eq(tostring(sc:get_line()), 'b')
    sc.stream = reader 'd\n'
    sc.record_separator = '\n'
    test.eq(rest(sc), { 'c;', 'd' })
end)

test('04.46 splitting may raise: the record counts as read', function()
    local failure = {}
    local sc = new('a\nb\n', { field_separator = function(r)
        if tostring(r) == 'a' then error(failure) end
        return r
    end })
    local ok, e = pcall(sc.get_line, sc)
    test.eq(ok, false)
    test.ok(rawequal(e, failure))
    test.eq({ sc.record_number, sc.record_terminator, tostring(sc:buffered_line()) }, { 1, '\n', 'a' })
    test.eq(tostring(sc:get_line()), 'b')
    local groups = new_regex '(,)'
    for _, option in ipairs { 'field_separator', 'field_pattern' } do
        sc = new('a,b\nc\n', { [option] = groups })
        test.raises_code(function() sc:get_line() end, 95, 'generic')
        test.eq(tostring(sc:buffered_line()), 'a,b')
    end
    sc = new('a\n', { field_pattern = 'a' })
    test.raises_code(function() sc:get_line() end, 22, 'generic')
end)

test('04.47 empty and bad separators', function()
    local sc = new('a\n', { record_separator = '' })
    test.raises_code(function() sc:get_line() end, 22, 'generic', { arg = 'record_separator' })
    for _, wrong in ipairs { 1, true, {}, byte_span.append '\n' } do
        sc.record_separator = wrong
        test.raises_code(function() sc:get_line() end, 22, 'generic')
    end
    sc.record_separator, sc.field_separator = '\n', ''
    test.raises_code(function() sc:get_line() end, 22, 'generic', { arg = 'field_separator' })
    test.eq({ sc.record_number, tostring(sc:buffered_line()) }, { 1, 'a' })
end)

test('04.35 records and fields keep their memory alive', function()
    local kept = {}
    do
        local sc = new({ 'one,two\nthree', ',four\n', 'five' }, { field_separator = ',', buffer_size_hint = 4 })
        while true do
            local ok, fields = pcall(sc.get_line, sc)
            if not ok then break end
            for _, field in ipairs(fields) do
                kept[#kept + 1] = field:slice(1, 0):slice(1, #field)
                kept[#kept + 1] = field:trimmed 'x'
            end
        end
    end
    for _ = 1, 5 do
        collectgarbage()
        local junk = {}
        for i = 1, 1000 do junk[i] = byte_span.new(16) end
    end
    for _, span in ipairs(kept) do test.ok(#tostring(span) >= 3) end
    -- Also for finalizers, which see objects that are about to go.
    local seen
    do
        local proxy = newproxy(true)
        local record = new('abc\n'):get_line()
        getmetatable(proxy).__gc = function() seen = tostring(record) end
    end
    for _ = 1, 3 do collectgarbage() end
    test.eq(seen, 'abc')
end)

test('04.35 views behave as spans', function()
    local sc = new 'abc\nabc\n'
    local a = byte_span.append(sc:get_line())
    local b = sc:get_line()
    test.ok(a == b and b == a)
    test.eq({ #b, b[1], b:find 'c', tostring(b:append()), b.capacity >= 4 }, { 3, 97, 3, 'abc', true })
    test.eq(tostring(b:slice(2)), 'bc')
    test.raises_code(function() return b[4] end, 34, 'generic')
    test.raises_code(function() return b.foo end, 8, 'emilua.core', { index = 2 })
    b[1] = 65
    test.eq(tostring(sc:buffered_line()), 'Abc')
    test.eq(tostring(byte_span.append(b, '!')), 'Abc!')
    test.eq({ regex.match(new_regex '(.)(.*)', b) }, { byte_span.append 'A', byte_span.append 'bc' })
end)

test('04.30 records keep their buffer alive whatever a finalizer cuts meanwhile', function()
    local function record(text) return new(text .. '\n'):get_line() end
    local other, finalized = record '-', 0
    local function cut() other:slice(1, 1) finalized = finalized + 1 end
    local wholes, parts = {}, {}
    collectgarbage 'stop'
    for i = 1, 2000 do wholes[i], parts[i] = record(tostring(i)), false end
    for i = 1, 20000 do getmetatable(newproxy(true)).__gc = cut end
    repeat collectgarbage 'step' until finalized > 0
    local before = finalized
    for i = 1, #wholes do parts[i] = wholes[i]:slice(1) end
    test.ok(finalized > before)
    wholes = nil
    collectgarbage() collectgarbage()
    for _ = 1, 2000 do record 'y' end
    for i = 1, #parts do test.eq(tostring(parts[i]), tostring(i)) end
end)

test('04.30 the example of the chapter', function()
    local rd, wr = pipe.pair()
    spawn(function()
        stream.write_all(wr, 'alice:1000\nbob:1001\n\nlast')
        wr:close()
    end):detach()
    local sc = stream.scanner.new { stream = rd, field_separator = ':' }
    local lines = {}
    while true do
        local ok, f = pcall(function() return sc:get_line() end)
        if not ok then assert(f == asio_error.misc.eof) break end
        lines[#lines + 1] = ('%d %d %s %d'):format(sc.record_number, #f, tostring(f[1]), #sc.record_terminator)
    end
    test.eq(lines, { '1 2 alice 1', '2 2 bob 1', '3 0 nil 1', '4 1 last 0' })
    rd:close()
end)

test.done()
