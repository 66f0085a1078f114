-- 50 VMs on 4 threads send each other messages, channels and descriptors, close, are interrupted, exit and crash.
-- All of them count in memory outside of Lua, which survives a crash. In the end:
--
-- - each send that succeeded was received once, each that failed was not; only of a send that its VM did not live
--   to see the end of either may be true;
-- - messages of one fiber arrived in order;
-- - no VM and no descriptor is left.
--
--     emilua test/stress/actors.lua 1000000          # messages; default 30000
--     STRESS_SEED=1 emilua test/stress/actors.lua
local ffi = require 'ffi'
local inbox = require 'inbox'
local ip = require 'ip'
local system = require 'system'
local time = require 'time'

local MAX = 1000 -- VMs over time
ffi.cdef([[
struct counters {
    int32_t stop, failures;
    uint32_t sent_by[$];
    uint32_t tried[$][$], sent[$][$], failed[$][$], received[$][$]; // [from][to]
};
void *calloc(size_t, size_t);
void free(void *);
char *getenv(const char *name);
int fcntl(int, int, ...);
]], MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX)

local random = math.random
local counters

local function check(value, text, ...)
    if not value then
        counters.failures = counters.failures + 1
        print('FAILED ' .. text:format(...))
    end
    return value
end

local function is_core(e, code)
    return getmetatable(e) == 'error_code' and e.code == code and tostring(e.category) == 'emilua.core'
end
local interrupted, channel_closed, no_senders = 13, 15, 16

-- What identifies a message: the VM and the fiber that sent it, and a number that grows.
local function make_id(from, fiber, serial) return (from * 2 ^ 12 + fiber) * 2 ^ 24 + serial end
local function split_id(id)
    local sender = math.floor(id / 2 ^ 24)
    return math.floor(sender / 2 ^ 12), sender, id % 2 ^ 24
end

-- ---- A worker

local function work(job)
    local me = job.id
    counters = ffi.cast('struct counters *', ffi.cast('uintptr_t', job.counters))
    math.randomseed(job.seed)
    local peers = {}        -- of {id, channel}
    local descriptors = {}
    local newest = {}       -- by sending fiber: number of the last message received
    local stopping = false
    local function stopped() return stopping or counters.stop ~= 0 end

    local function add_peer(peer)
        if #peers < 20 then
            peers[#peers + 1] = peer
        else
            local i = random(#peers)
            if random(2) == 1 then peers[i].channel:close() end -- else the collector's
            peers[i] = peer
        end
    end

    -- -- Receiving

    local function take(message)
        local id = message
        if type(message) == 'string' then
            id = tonumber(message:match '^%d+')
        elseif type(message) == 'table' then
            id = message.id
            if message.peer and message.peer.channel then -- closed ones are left out
                if stopped() then message.peer.channel:close() else add_peer(message.peer) end
            end
            for _, fd in ipairs(message.fds or {}) do
                local what = random(3)
                if what == 1 then fd:close() elseif what == 2 then descriptors[random(5)] = fd end
            end
        end
        if not id then return end -- an introduction
        local from, sender, serial = split_id(id)
        counters.received[from][me] = counters.received[from][me] + 1
        check(serial > (newest[sender] or 0), 'message %d of VM %d after %d', serial, from, newest[sender] or 0)
        newest[sender] = serial
    end

    local receiver
    local function receive_all()
        while true do take(inbox:receive()) end
    end
    local function start_receiver() receiver = spawn(receive_all) end
    local function join_receiver()
        local ok, e = pcall(receiver.join, receiver)
        check(ok or is_core(e, no_senders) or is_core(e, channel_closed), 'receiver of VM %d: %s', me, tostring(e))
    end

    -- -- Sending

    local function compose(id)
        local what = random(10)
        if what <= 5 then return id end
        if what == 6 then return ('%d'):format(id) end
        if what == 7 then return ('%d'):format(id) .. (' '):rep(random(100)) end
        local message = { id = id, data = { 1, { 2, { three = 'four' } } } }
        if what <= 9 then
            local peer = peers[random(math.max(1, #peers))]
            message.peer = random(4) == 1 and { id = me, channel = inbox } or peer
        else
            local fd = descriptors[random(5)]
            if random(4) == 1 or not fd then
                if random(2) == 1 then
                    fd = system.out:dup()
                else
                    local socket = ip.tcp.socket.new()
                    socket:open(ip.address.loopback_v4())
                    fd = socket:release()
                end
                descriptors[random(5)] = fd
            end
            message.fds = { fd, fd }
        end
        return message
    end

    local function try_send(peer, message)
        counters.tried[me][peer.id] = counters.tried[me][peer.id] + 1
        peer.channel:send(message)
        counters.sent[me][peer.id] = counters.sent[me][peer.id] + 1
        counters.sent_by[me] = counters.sent_by[me] + 1
    end

    local fibers = 0
    local function start_sender()
        fibers = fibers + 1
        local number = fibers
        if number == 2 ^ 12 then return end
        return spawn(function()
            local serial = 0
            while not stopped() do
                local peer = peers[random(math.max(1, #peers))]
                if not peer then
                    time.sleep(0.001)
                else
                    serial = serial + 1
                    local message = compose(make_id(me, number, serial))
                    local ok, e = pcall(try_send, peer, message)
                    if not ok then
                        counters.failed[me][peer.id] = counters.failed[me][peer.id] + 1
                        if not check(is_core(e, interrupted) or is_core(e, channel_closed), 'send: %s', tostring(e)) then
                            return
                        end
                        for i, p in ipairs(peers) do
                            if p == peer then
                                peers[i] = peers[#peers]
                                peers[#peers] = nil
                            end
                        end
                    elseif random(100) == 1 then
                        peer.channel:close()
                    end
                    if random(4) == 1 then this_fiber.yield() end
                end
            end
        end)
    end

    -- -- Life and death

    local senders = {}
    for i = 1, 4 do senders[i] = start_sender() end
    start_receiver()
    local fate = random(8)
    local finest_hour = random(job.life)
    while not stopped() do
        time.sleep(random() * 0.004)
        local what = random(4)
        if what == 1 then
            receiver:interrupt()
            join_receiver()
            start_receiver()
        elseif what <= 3 then
            local i = random(#senders)
            senders[i]:interrupt()
            senders[i]:join()
            senders[i] = start_sender()
        end
        if counters.sent_by[me] > finest_hour then
            if fate == 1 then error('planned', 0) end
            if fate == 2 then system.exit(random(100)) end
            if fate == 3 then
                inbox:close()
                stopping = true
            end
            if fate == 4 then
                inbox:close()
                error('planned', 0)
            end
            if fate == 5 then stopping = true end
            if fate == 6 then
                spawn(function() error('planned', 0) end):detach()
                finest_hour = finest_hour * 2
            end
        end
    end
    for _, sender in ipairs(senders) do sender:join() end
    for _, peer in ipairs(peers) do peer.channel:close() end
    peers = {}
    collectgarbage()
    collectgarbage()
    join_receiver()
    for i = 1, 5 do if descriptors[i] then descriptors[i]:close() end end
end

if _CONTEXT == 'worker' then return work(inbox:receive()) end

-- ---- The main VM

local function count_descriptors()
    collectgarbage()
    collectgarbage()
    local n = 0
    for i = 0, 1023 do
        if ffi.C.fcntl(i, 1) >= 0 then n = n + 1 end
    end
    return n
end
local wanted = tonumber(system.arguments[3]) or 30000
local seed = ffi.C.getenv 'STRESS_SEED'
seed = seed ~= nil and tonumber(ffi.string(seed)) or
    math.floor(time.system_clock.now().seconds_since_epoch * 1000) % 2 ^ 31
print(('seed %d'):format(seed))
math.randomseed(seed)
counters = ffi.cast('struct counters *', ffi.C.calloc(1, ffi.sizeof 'struct counters'))
local address = tonumber(ffi.cast('uintptr_t', counters))

spawn_context_threads(3)
time.sleep(0.001) -- makes what the runtime makes at first use
local socket = ip.tcp.socket.new()
socket:open(ip.address.loopback_v4())
socket:close()
local descriptors_before = count_descriptors()

local slots, born = {}, 0
local function start_worker(slot)
    if born == MAX - 1 then return end
    born = born + 1
    local channel = spawn_vm{ module = '.', inherit_context = slot % 10 ~= 0, concurrency_hint = slot % 20 / 10 }
    slots[slot] = { id = born, channel = channel }
    channel:send{ id = born, counters = address, seed = random(2 ^ 30), life = wanted / 50, main = inbox }
    return slots[slot]
end

-- Introduces the worker of a slot to others until it ends, then starts the next one.
local function supervise(slot)
    local worker = start_worker(slot)
    while worker and counters.stop == 0 do
        local other = slots[random(#slots)]
        local ok, e = pcall(function() worker.channel:send{ peer = other } end)
        if not ok then
            check(is_core(e, channel_closed), 'introduction: %s', tostring(e))
            worker.channel:close()
            worker = start_worker(slot)
        end
        time.sleep(random() * 0.02)
    end
end

local supervisors = {}
for slot = 1, 50 do slots[slot] = false end
for slot = 1, 50 do
    supervisors[slot] = spawn(function() supervise(slot) end)
end
repeat
    time.sleep(0.01)
    local sent = 0
    for i = 1, born do sent = sent + counters.sent_by[i] end
until sent >= wanted
counters.stop = 1
for slot = 1, 50 do supervisors[slot]:join() end
for slot = 1, 50 do slots[slot].channel:close() end
-- Each worker keeps the address of this VM as long as it lives.
local ok, e = pcall(inbox.receive, inbox)
check(not ok and is_core(e, no_senders), 'at the end: %s', tostring(e))

local totals = { tried = 0, sent = 0, failed = 0, received = 0 }
for from = 1, born do
    for to = 1, born do
        local tried, sent = counters.tried[from][to], counters.sent[from][to]
        local failed, received = counters.failed[from][to], counters.received[from][to]
        local unknown = tried - sent - failed
        check(unknown >= 0 and received >= sent and received <= sent + unknown,
            'from VM %d to %d: %d tried, %d sent, %d failed, %d received', from, to, tried, sent, failed, received)
        for name in pairs(totals) do totals[name] = totals[name] + counters[name][from][to] end
    end
end
print(('%d VMs, %d messages tried, %d sent, %d failed, %d received'):format(born, totals.tried, totals.sent,
    totals.failed, totals.received))
check(totals.received >= wanted, 'too few')
local left
for _ = 1, 100 do
    left = count_descriptors() - descriptors_before
    if left <= 0 then break end
    time.sleep(0.01)
end
check(left <= 0, '%d descriptors left', left)
local failures = counters.failures
ffi.C.free(counters) -- nobody else lives
if failures > 0 then system.exit(1) end
print 'passed'
