local test = require 'test'

test('02.61 a coroutine whose message handler suspends is busy', function()
    local co
    co = coroutine.create(function()
        local _, e = xpcall(error, function(e)
            this_fiber.yield()
            return e .. '!'
        end, 'x')
        coroutine.yield(e)
    end)
    local f = spawn(function() return coroutine.resume(co) end)
    this_fiber.yield()
    test.eq(coroutine.status(co), 'normal')
    test.raises_code(function() coroutine.resume(co) end, 1, 'generic')
    test.eq({ f:join() }, { true, 'x!' })
    test.eq(coroutine.status(co), 'suspended')
    test.eq({ coroutine.resume(co) }, { true })
    test.eq(coroutine.status(co), 'dead')
end)

test('02.6.2 status of a coroutine that resumed another from its message handler', function()
    local outer
    outer = coroutine.create(function()
        return xpcall(error, function()
            return coroutine.wrap(function()
                return { coroutine.status(outer), select(2, coroutine.resume(outer)) }
            end)()
        end)
    end)
    local _, _, seen = coroutine.resume(outer)
    test.eq(seen, { 'normal', 'cannot resume running coroutine' })
    test.eq(coroutine.status(outer), 'dead')
end)

test.done()
