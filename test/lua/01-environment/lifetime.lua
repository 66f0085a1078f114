-- What keeps a process alive (01 §1.6).

--@ test 01.17 a fiber that is not at its end when the main fiber is goes on
--@ stdout main ends
--@ stdout fiber ends
--@ stdout its child ends

spawn(function()
    for _ = 1, 1000 do this_fiber.yield() end
    print 'fiber ends'
    spawn(function()
        this_fiber.yield()
        print 'its child ends'
    end):detach()
end)
print 'main ends'
