-- What the tests of this chapter share.

-- e is the `interrupted` error.
function is_interrupted(e)
    return getmetatable(e) == 'error_code' and e.code == 13 and tostring(e.category) == 'emilua.core' and
        tostring(e) == 'Fiber interrupted'
end

-- What pcall(f) returns in a fiber that got interrupted inside the pcall.
function flagged(f)
    local self
    self = spawn(function()
        return pcall(function()
            self:interrupt()
            return f()
        end)
    end)
    return self:join()
end

-- Lets all fibers that are ready run n times.
function rounds(n)
    for _ = 1, n do this_fiber.yield() end
end

-- Collects what a first cycle found to be garbage, its finalizers included.
function collect()
    collectgarbage()
    collectgarbage()
end
