-- Memory that runs out is an error that the program sees, never an abort. (Sanitizers reserve too much for `ulimit -v`.)

--@ need !sanitizer linux

--@ test 01.9 no memory for fibers: spawn raises and names the limit, fibers go on, stacks are used again
--@ run ulimit -v 300000; $EMILUA $FILE
--@ stdout~ \A\d+ fibers\nafterwards as many\n\Z
--@ test 01.9 no memory for the main fiber's stack
--@ run for size in 6000 8000 10000 12000 14000 16000 18000 20000 22000 24000; do
--@ run     (ulimit -v $size; $EMILUA nothing.lua) >out 2>&1
--@ run     case $? in 0|127) ;; 1) cat out ;; *) echo "limit $size: status $?"; cat out ;; esac
--@ run done
--@ file nothing.lua
--@ stdout~ \A((<4>[^\n]*\n)?Error starting the lua VM: [^\n]*(memory|ulimit)[^\n]*\n)+\Z
--@ test 01.9 Lua memory that runs out can be caught
--@ file x.lua
--| local ok, e = pcall(function()
--|     local list = {}
--|     for i = 1, 1e9 do list[i] = ('x'):rep(10000) .. i end
--| end)
--| assert(not ok)
--| print(e)
--| collectgarbage()
--| print(spawn(function() return ('x'):rep(10) end):join())
--@ run ulimit -v 300000; $EMILUA x.lua
--@ stdout not enough memory
--@ stdout xxxxxxxxxx
--@ test 01.9 Lua memory that runs out in a metamethod, a coroutine and a fiber can be caught
--@ file x.lua
--| local function eat()
--|     local list = {}
--|     for i = 1, 1e9 do list[i] = ('x'):rep(10000) .. i end
--| end
--| print(pcall(function() return tostring(setmetatable({}, { __tostring = eat })) end))
--| collectgarbage()
--| print(coroutine.resume(coroutine.create(eat)))
--| collectgarbage()
--| print(spawn(function() return pcall(eat) end):join())
--| collectgarbage()
--| print(pcall(string.rep, 'x', 2e9))
--@ run ulimit -v 300000; $EMILUA x.lua
--@ stdout~ \A(false\tnot enough memory\n){4}\Z
--@ test 01.9 Lua memory that runs out in the main fiber ends the VM
--@ file x.lua
--| spawn(function() this_fiber.yield() print 'never' end):detach()
--| local list = {}
--| for i = 1, 1e9 do list[i] = ('x'):rep(10000) .. i end
--@ run ulimit -v 300000; $EMILUA x.lua
--@ status 1
--@ stdout! .
--@ stderr~ \AVM 0x[0-9a-f]+ forcibly closed due to 'LUA_ERRMEM'\n\Z|panicked: 'not enough memory'
--@ test 01.9 no memory for a module's fiber
--@ file x.lua
--| local blocks, ffi = {}, require 'ffi'
--| ffi.cdef 'void *mmap(void *, size_t, int, int, int, long);'
--| local function map(size) return ffi.cast('intptr_t', ffi.C.mmap(nil, size, 0, 0x4022, -1, 0)) ~= -1 end
--| while map(4 * 1024 * 1024) do end
--| local ok, e = pcall(require, './y')
--| print(ok, e)
--@ file y.lua
--@ run ulimit -v 300000; $EMILUA x.lua
--@ stdout~ \Afalse\t[^\n]*cannot allocate a fiber stack: [^\n]*ulimit -v[^\n]*\n\Z

local function fill()
    local fibers = {}
    while true do
        local ok, result = pcall(spawn, function() this_fiber.yield() return 1 end)
        if not ok then
            assert(type(result) == 'string' and result:find 'ulimit %-v' and result:find 'fiber stack', result)
            break
        end
        fibers[#fibers + 1] = result
    end
    local sum = 0
    for _, f in ipairs(fibers) do sum = sum + f:join() end
    assert(sum == #fibers)
    return sum
end

local first = fill()
assert(first > 100)
print(first .. ' fibers')
assert(fill() == first)
print 'afterwards as many'
