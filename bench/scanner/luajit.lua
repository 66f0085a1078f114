-- A loop of string.find() over chunks of 64 KiB.
local ffi = require 'ffi'
local lines = require 'lines'
local measure = require 'measure'

local size, chunk = #lines.text, 64 * 1024
local text = ffi.new('char[?]', size)
ffi.copy(text, lines.text, size)
lines.text = nil
collectgarbage()
local find, sub = string.find, string.sub

measure.cost('line', lines.count, function(count)
    local buffer, first, position = '', 1, 0
    local kept, n = {}, 0
    while n < count do
        local last = find(buffer, '\n', first, true)
        if last then
            n = n + 1
            kept[n % 8] = sub(buffer, first, last - 1)
            first = last + 1
        else
            buffer = sub(buffer, first) .. ffi.string(text + position, math.min(chunk, size - position))
            position, first = position + chunk, 1
        end
    end
end)
