-- A deadline for any operation: it runs in a fiber of its own, which is interrupted when the time is over.
--@ test 02.33 a slow operation is interrupted, the result or error of a fast one is handed over
--@ stdout nil	timeout
--@ stdout 1	2	3
--@ stdout failed
local time = require 'time'

-- Returns what `op` returns, or nil, 'timeout'; raises what it raises.
local function with_deadline(secs, op)
    local f = spawn(op)
    local killer = spawn(function() time.sleep(secs); f:interrupt() end)
    local r = { pcall(function() return f:join() end) }
    killer:interrupt()
    if f.interruption_caught then return nil, 'timeout' end
    if not r[1] then error(r[2], 0) end
    return unpack(r, 2)
end

print(with_deadline(0.05, function() time.sleep(5) end))
print(with_deadline(5, function()
    time.sleep(0.01)
    return 1, 2, 3
end))
print(select(2, pcall(with_deadline, 5, function() error('failed', 0) end)))
