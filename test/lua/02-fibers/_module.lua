-- Shows what this_fiber is while a module's top-level code runs.
id, is_main, local_ = this_fiber.id, this_fiber.is_main, this_fiber.local_
this_fiber.yield()
