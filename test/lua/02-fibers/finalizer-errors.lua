-- Errors that escape a finalizer are reported and go no further. Plain LuaJIT raises them in whatever code the
-- collector interrupts, and dies if that is compiled.
--@ env EMILUA_COLORS=0
--@ stdout true
--@ stdout end
--@ stderr~ \A(Finalizer of VM 0x[0-9a-f]+ failed: '[^\n]*finalizer-errors.lua:\d+: boom'\n)+\Z
--@ test 02.62 errors of __gc functions while compiled code allocates
local ffi = require 'ffi'
local sink

local function allocate()
    for i = 1, 3e5 do
        sink = 'x' .. i
    end
end

local function fail() error 'boom' end

for _ = 1, 10 do
    for _ = 1, 20 do
        getmetatable(newproxy(true)).__gc = fail
        ffi.gc(ffi.new 'int[1]', fail)
    end
    assert(pcall(allocate))
end
local counted = ffi.metatype('struct { int x; }', { __gc = fail, __index = { get = function(self) return self.x end } })
print(counted(7):get() == 7)
collectgarbage()
print 'end'
