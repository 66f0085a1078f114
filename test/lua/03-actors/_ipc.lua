-- What the tests of messages between processes share. Both ends of the connections are in one process.
local ffi = require 'ffi'
local inbox = require 'inbox'
local ipc = require 'ipc'
local unix = require 'unix'

limit = 20 -- meson option message_member_limit

-- A channel to this VM.
function link()
    local sending, receiving = ipc.pair()
    ipc.attach(receiving)
    return ipc.channel(sending)
end

-- A socket from which this VM receives.
function raw_link()
    local sending, receiving = ipc.pair()
    ipc.attach(receiving)
    return unix.seqpacket_socket.new(sending)
end

-- A channel, and the socket at its end, which nobody reads.
function raw_end()
    local sending, receiving = ipc.pair()
    return ipc.channel(sending), unix.seqpacket_socket.new(receiving)
end

-- Runs `code` in a new process, with `inbox`. Returns a channel to it.
function child(code, options)
    options = options or {}
    options.stderr = options.stderr or 'share'
    options.environment = { CODE = code }
    return spawn_vm { module = tostring(_FILE):gsub('_ipc.lua$', '_child.lua'), subprocess = options }
end

-- No sender is left: the inbox notices when somebody receives.
function finish()
    local ok, e = pcall(inbox.receive, inbox)
    if ok or e.code ~= 16 then error('a sender is left', 2) end
end

-- Whether a fiber of this VM waits in receive() when a message arrives, or asks for it later.
modes = {
    immediate = function(send)
        local f = spawn(function() return { pcall(inbox.receive, inbox) } end)
        this_fiber.yield()
        send()
        return unpack(f:join())
    end,
    queued = function(send)
        local f = spawn(function() inbox:receive() end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        send()
        return pcall(inbox.receive, inbox)
    end,
}

-- ---- Records

-- A NaN from its halves.
function nan(high, low) return ffi.string(ffi.new('uint32_t[2]', low, high), 8) end

function tag(n) return nan(0x7ff00000, n) end
True, False, String, Fd, Address, Nil = tag(1), tag(2), tag(3), tag(4), tag(5), tag(6)

function number(n) return ffi.string(ffi.new('double[1]', n), 8) end

function text(s) return string.char(#s) .. s end

function dictionary(members, strings)
    return table.concat(members) .. Nil:rep(limit - #members) .. (strings or '')
end

-- With `strings` of the size that a string has.
function scalar(value, strings)
    if not strings then return Nil .. value end
    return Nil .. value .. Nil:rep(limit - 2) .. strings
end

function span(record) return byte_span.append(record) end

local one = number(1)

-- The bytes of a record, and with how many descriptors it comes.
violations = {
    ['1: no bytes'] = { '' },
    ['1: no bytes, with a descriptor'] = { '', 1 },
    ['1: one byte'] = { 'x' },
    ['1: 15 bytes'] = { (Nil .. one):sub(1, 15) },
    ['2: one byte too many'] = { dictionary({ one }, text 'k') .. ('x'):rep(20 * 520 - 160 - 2 + 1) },
    ['2: much too big'] = { dictionary({ one }, text 'k') .. ('x'):rep(60000) },
    ['2: too many descriptors'] = { dictionary({ one }, text 'k'), 21 },
    ['2: far too many descriptors'] = { dictionary({ one }, text 'k'), 200 },
    ['2: too many descriptors of a scalar'] = { scalar(one), 21 },
    ['3: a dictionary of 16 bytes'] = { one .. Nil },
    ['3: a dictionary of 159 bytes'] = { dictionary({ one }):sub(1, 159) },
    ['4: tag 7'] = { scalar(tag(7)) },
    ['4: tag 8 in a dictionary'] = { dictionary({ tag(8) }, text 'k') },
    ['4: a mantissa of more bits'] = { scalar(nan(0x7ff00001, 1)) },
    ['4: the largest signalling NaN'] = { scalar(nan(0x7ff7ffff, 0xffffffff)) },
    ['4: sign bit, true'] = { scalar(nan(0xfff00000, 1)) },
    ['4: sign bit, string'] = { dictionary({ nan(0xfff00000, 3) }, text 'k' .. text 'v') },
    ['4: sign bit, nil'] = { scalar(nan(0xfff00000, 6)) },
    ['4: sign bit, nil as the first member'] = { nan(0xfff00000, 6) .. one },
    ['4: a bad tag behind a good member'] = { dictionary({ one, tag(9) }, text 'a' .. text 'b') },
    ['4: a scalar that is nil'] = { scalar(Nil) },
    ['4: all nil'] = { dictionary({}) },
    ['5: a scalar string without its length'] = { scalar(String, '') },
    ['5: a scalar string in a short record'] = { scalar(String) },
    ['5: a scalar string that is cut'] = { scalar(String, '\3ab') },
    ['5: a scalar string of which nothing is there'] = { scalar(String, '\255') },
    ['5: no key'] = { dictionary({ one }, '') },
    ['5: a key that is cut'] = { dictionary({ one }, '\3ab') },
    ['5: an empty key beyond the end'] = { dictionary({ one, one }, text 'a') },
    ['5: no value'] = { dictionary({ String }, text 'key') },
    ['5: a value that is cut'] = { dictionary({ String }, text 'key' .. '\3ab') },
    ['5: the last of 20 strings is cut'] = { dictionary((function()
        local members = {}
        for i = 1, 20 do members[i] = String end
        return members
    end)(), (text 'k' .. text 'v'):rep(19) .. text 'k' .. '\2v') },
    ['6: a scalar descriptor without one'] = { scalar(Fd) },
    ['6: a scalar descriptor with two'] = { scalar(Fd), 2 },
    ['6: a scalar address without one'] = { scalar(Address) },
    ['6: a scalar address with two'] = { scalar(Address), 2 },
    ['7: a descriptor is missing'] = { dictionary({ Fd }, text 'k') },
    ['7: the second descriptor is missing'] = { dictionary({ Fd, one, Address }, text 'a' .. text 'b' .. text 'c'), 1 },
    ['7: nineteen for twenty'] = { dictionary((function()
        local members = {}
        for i = 1, 20 do members[i] = i % 2 == 0 and Fd or Address end
        return members
    end)(), text 'k':rep(20)), 19 },
}

-- Both ends of a pipe, as descriptors.
function pipe()
    local reader, writer = require('pipe').pair()
    return reader:release(), writer:release()
end
