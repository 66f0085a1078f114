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

-- Both ends of a pipe, as descriptors.
function pipe()
    local reader, writer = require('pipe').pair()
    return reader:release(), writer:release()
end
