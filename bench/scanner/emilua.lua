-- 16 MiB of lines in chunks of 64 KiB: records, and their fields; in LuaJIT a loop of string.find().
local stream = require 'stream'
local lines = require 'lines'
local measure = require 'measure'

-- Outside the Lua heap: garbage may grow as large as what lives there.
local text, chunk = byte_span.append(lines.text), 64 * 1024
lines.text = nil
collectgarbage()

local function reader()
    local position = 1
    local self = {}
    function self:read_some(buffer)
        local n = buffer:copy(text:slice(position, math.min(position + #buffer - 1, #text)))
        position = position + n
        return n
    end
    return self
end

local function read(options)
    return function(count)
        options.stream, options.buffer_size_hint = reader(), chunk
        local scanner = stream.scanner.new(options)
        local kept = {}
        for i = 1, count do
            kept[i % 8] = scanner:get_line()
        end
    end
end

measure.cost('line', lines.count, read {})
measure.cost('line, fields at colons', lines.count, read { field_separator = ':' })
measure.cost('line, fields at blanks', lines.count, read(stream.scanner.with_awk_defaults()))
