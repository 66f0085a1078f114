-- A module whose top-level code fails.
local log = {}
this_fiber.local_.failing_module = log
scope_cleanup_push(function() log[#log + 1] = 'handler' end)
log[#log + 1] = 'body'
this_fiber.yield()
error('failed', 0)
