-- A C function that recurses without end meets the guard page below its fiber's stack: the process dies, after a line
-- that says whose stack it was.

--@ need !sanitizer
--@ run exec 2>&1; $EMILUA $FILE $WHERE
--@ status signal SIGSEGV
--@ test guard: the stack of a fiber overflows
--@ env WHERE=fiber
--@ stdout~ \A(0x\w+)\nC stack overflow in fiber \1 of VM 0x\w+ \(stack of \d+ KiB\)\n
--@ test guard: the stack of the main fiber overflows
--@ env WHERE=main
--@ stdout~ \A(0x\w+)\nC stack overflow in fiber \1 of VM \1 \(stack of \d+ KiB\)\n
--@ test guard: the stack of a VM on another thread overflows
--@ env WHERE=worker
--@ stdout~ \A(0x\w+)\nC stack overflow in fiber \1 of VM \1 \(stack of \d+ KiB\)\n
--@ test guard: another invalid access is not called an overflow
--@ env WHERE=null
--@ stdout~ \A0x\w+\n
--@ stdout! overflow
local ffi = require 'ffi'
local system = require 'system'

-- Nothing checks the C stack of callbacks; qsort() takes a kilobyte of it for this array.
ffi.cdef 'void qsort(void*, size_t, size_t, int (*)(const void*, const void*));'
local array = ffi.new('char[2][500]')
local compare
local function recurse()
    ffi.C.qsort(array, 2, 500, compare)
    return 0
end
compare = ffi.cast('int (*)(const void*, const void*)', recurse)

local function overflow()
    system.err:write_some(byte_span.append(this_fiber.id, '\n'))
    recurse()
end

local where = system.arguments[3]
if _CONTEXT == 'worker' or where == 'main' then
    overflow()
elseif where == 'fiber' then
    spawn(overflow):join()
elseif where == 'worker' then
    spawn_vm { module = '.', inherit_context = false }
else
    system.err:write_some(byte_span.append(this_fiber.id, '\n'))
    ffi.cast('int*', 8)[0] = 1
end
