-- Composed reads and writes over any object with a method read_some or write_some (04 §2).
local native = ...
local check_span, to_span = native.check_span, native.to_span
local floor = math.floor

local function transfer(io, method, buffer, minimum)
    local size = #buffer
    minimum = minimum < size and floor(minimum) or size
    local done = 0
    while done < minimum do
        done = done + io[method](io, buffer:slice(1 + done))
    end
    return done
end

local stream = {}

function stream.read_all(io, buffer)
    check_span(buffer)
    return transfer(io, 'read_some', buffer, #buffer)
end

function stream.read_at_least(io, buffer, minimum)
    check_span(buffer)
    return transfer(io, 'read_some', buffer, minimum)
end

function stream.write_all(io, buffer)
    buffer = to_span(buffer)
    return transfer(io, 'write_some', buffer, #buffer)
end

function stream.write_at_least(io, buffer, minimum)
    return transfer(io, 'write_some', to_span(buffer), minimum)
end

return stream
