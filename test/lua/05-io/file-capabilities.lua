-- file_descriptor: capabilities of files (05 §2).
local test = require 'test'
local ffi = require 'ffi'
local pipe = require 'pipe'
local system = require 'system'
local helpers = require 'helpers'

ffi.cdef 'int emilua_test_open(const char* path, int flags, ...) __asm__("open");'
local ENODATA, EBADF, EINVAL, EPERM = 61, 9, 22, 1
local refuses = helpers.refuses

local function open(path, flags) return helpers.descriptor(ffi.C.emilua_test_open(path, flags, ffi.cast('int', 493))) end
local O_RDONLY, O_RDWR_CREAT, O_PATH = 0, 0x42, 2097152

local caps = system.cap_from_text 'cap_net_bind_service=ep'

test('05.43 cap_get', function()
    local file = open('plain', O_RDWR_CREAT)
    refuses(function() file:cap_get() end, ENODATA)
    file:close()
    refuses(function() file:cap_get() end, EBADF)
    local reader, writer = pipe.pair()
    writer:close()
    local fd = reader:release()
    local e = test.throws(function() fd:cap_get() end)
    test.eq(tostring(e.category), 'system')
    fd:close()
    local path = open('plain', O_PATH)
    refuses(function() path:cap_get() end, EBADF)
    path:close()
    test.raises_code(function() path.cap_get(system) end, EINVAL, 'generic', { arg = 1 })
end)

test('05.43 cap_set: arguments', function()
    local file = open('plain', O_RDWR_CREAT)
    for _, bad in ipairs { 'cap_kill=ep', 1, {}, file } do
        test.raises_code(function() file:cap_set(bad) end, EINVAL, 'generic', { arg = 2 })
    end
    test.raises_code(function() file:cap_set() end, EINVAL, 'generic', { arg = 2 })
    local dir = open('.', O_RDONLY)
    refuses(function() dir:cap_set(caps) end, EINVAL)
    dir:close()
    file:close()
    refuses(function() file:cap_set(caps) end, EBADF)
end)

test('05.43 cap_set gives what cap_get tells', function()
    local file = open('tool', O_RDWR_CREAT)
    if system.cap_get_proc():get_flag('cap_setfcap', 'effective') then
        test.eq(file:cap_set(caps), nil)
        test.eq(tostring(file:cap_get()), tostring(caps))
        test.eq(getmetatable(file:cap_get()), 'linux_capabilities')
    else
        refuses(function() file:cap_set(caps) end, EPERM)
    end
    file:close()
end)

test.done()
