-- The work of emilua.lua with coroutines of cqueues.
local cqueues = require 'cqueues'
local socket = require 'cqueues.socket'
local measure = require 'measure'

local block, total = 64 * 1024, 1024 ^ 3
local data = ('x'):rep(block)

local acceptor = socket.listen('127.0.0.1', 0)
local _, _, port = acceptor:localname()
local sender = socket.connect('127.0.0.1', port)
assert(sender:connect())
local receiver = assert(acceptor:accept())
sender:setmode('bn', 'bn') -- binary, unbuffered output
receiver:setmode('bn', 'bn')
receiver:setbufsiz(block, block)

measure.cost('64 KiB', total / block, function(count)
    local loop = cqueues.new()
    loop:wrap(function()
        for _ = 1, count do
            assert(sender:write(data))
        end
    end)
    loop:wrap(function()
        local left = count * block
        while left > 0 do
            left = left - #assert(receiver:read(-block))
        end
    end)
    assert(loop:loop())
end)
