this_fiber.yield()
value = ('ab'):gsub('.', function(c) this_fiber.yield() return c .. c end)
this_fiber.yield()
