-- Sum and fill of a plain FFI array of 64 KiB, byte by byte.
local ffi = require 'ffi'
local measure = require 'measure'

local size = 65536
local bytes = ffi.new('uint8_t[?]', size)

local function sum(bytes)
    local total = 0
    for i = 0, size - 1 do
        total = total + bytes[i]
    end
    return total
end

local function fill(bytes, value)
    for i = 0, size - 1 do
        bytes[i] = value
    end
end

local function rounds(f)
    return function(count)
        for i = 1, count / size do
            f(bytes, i % 256)
        end
    end
end

measure.cost('fill', 3000 * size, rounds(fill))
measure.cost('sum', 3000 * size, rounds(sum))
