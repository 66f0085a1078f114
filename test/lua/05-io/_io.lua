-- Helpers of the tests of pipes and UNIX sockets: errors by their names, fibers and their outcome.
local test = require 'test'
local generic = require 'generic_error'

-- Matchers of test.error.
function is_eof(e) return e.code == 2 and tostring(e.category) == 'asio.misc' end
function is_aborted(e) return e == generic.ECANCELED and tostring(e.category) == 'system' end
function is_interrupted(e) return e.code == 13 and tostring(e.category) == 'emilua.core' end
function is_busy(e) return e == generic.EBUSY and tostring(e.category) == 'generic' and e.arg == nil end
function is_invalid(position)
    return function(e) return e == generic.EINVAL and tostring(e.category) == 'generic' and e.arg == position end
end

-- The error of the operating system with this name.
function os_error(name)
    return function(e) return e == generic[name] and tostring(e.category) == 'system' and e.arg == nil end
end

-- Lets every other fiber run until it waits, and the events arrive that are under way on this machine.
function settle()
    for _ = 1, 600 do this_fiber.yield() end
end

-- A fiber that calls f(...): `fails(matcher)` and `returns()` join it.
function start(f, ...)
    local arguments, count = { ... }, select('#', ...)
    local results
    local fiber = spawn(function() results = { pcall(f, unpack(arguments, 1, count)) } end)
    settle()
    local started = { fiber = fiber }
    function started.fails(matcher)
        fiber:join()
        test.eq(results[1], false)
        test.ok(matcher(results[2]), 'another error: ' .. tostring(results[2]))
    end
    function started.returns()
        fiber:join()
        test.ok(results[1], tostring(results[2]))
        return unpack(results, 2)
    end
    function started.done() return results ~= nil end
    return started
end

function bytes(text) return byte_span.append(text) end

function read(io, size)
    local buffer = byte_span.new(size or 100)
    return tostring(buffer:slice(1, io:read_some(buffer)))
end

function close(...)
    for _, object in ipairs { ... } do object:close() end
end
