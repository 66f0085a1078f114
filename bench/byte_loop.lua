-- Sum and fill of a 64 KiB byte_span, byte by byte; compare with byte_loop_ffi.lua. Prints ns per element.
local ffi = require 'ffi'
ffi.cdef 'long clock(void);'

local size, rounds = 65536, 1000
local bytes = byte_span.new(size)

local function sum(bytes)
    local total = 0
    for i = 1, #bytes do
        total = total + bytes[i]
    end
    return total
end

local function fill(bytes, value)
    for i = 1, #bytes do
        bytes[i] = value
    end
end

local function measure(name, f)
    f(bytes, 1)
    local start = ffi.C.clock()
    for i = 1, rounds do
        f(bytes, i % 256)
    end
    print(('%s %.3f ns'):format(name, tonumber(ffi.C.clock() - start) * 1000 / (rounds * size)))
end

measure('fill', fill)
measure('sum', sum)
