-- Working directory and umask (06 §5.4, §6.5). What only the master may do: 07-system/rights-module.lua.
local test = require 'test'
local fs = require 'filesystem'
local ffi = require 'ffi'
local helpers = require 'helpers'
local system = require 'system'
local P = fs.path.new

ffi.cdef [[
int emilua_test_open(const char*, int, ...) __asm__("open");
int emilua_test_mkdir(const char*, unsigned) __asm__("mkdir");
int emilua_test_rmdir(const char*) __asm__("rmdir");
int emilua_test_symlink(const char*, const char*) __asm__("symlink");
int emilua_test_system(const char*) __asm__("system");
]]
local C = ffi.C

local function open(path)
    local n = C.emilua_test_open(path, 64, ffi.cast('int', 420)) -- O_CREAT
    if n < 0 then n = C.emilua_test_open(path, 0) end
    return helpers.descriptor(n)
end

local top = tostring(fs.current_working_directory())
C.emilua_test_mkdir('dir', 448)
C.emilua_test_symlink('dir', 'link')
open('file'):close()

local function here() return tostring(fs.current_working_directory()) end
local function back() fs.current_working_directory(P(top)) end

test('06.96 the working directory', function()
    test.eq(getmetatable(fs.current_working_directory()), 'filesystem.path')
    test.eq(fs.current_working_directory(P 'dir'), nil)
    test.eq(here(), top .. '/dir')
    fs.current_working_directory(P '..')
    test.eq(here(), top)
    fs.current_working_directory(P 'link')
    test.eq(here(), top .. '/dir')
    back()
    test.eq(tostring(fs.current_working_directory(nil)), top)
end)

test('06.96 no such directory', function()
    for path, code in pairs { missing = 2, [''] = 2, file = 20, ['file/x'] = 20, ['dir\0x'] = 22 } do
        local e = test.raises_code(function() fs.current_working_directory(P(path)) end, code, 'generic')
        test.eq(tostring(e.path1), path)
        test.eq(e.arg, nil)
    end
    test.eq(here(), top)
end)

test('06.97 it takes paths and descriptors', function()
    for _, bad in ipairs { '/tmp', 1, true, {}, system } do
        test.raises_code(function() fs.current_working_directory(bad) end, 22, 'generic', { arg = 1 })
    end
end)

test('06.98 a descriptor', function()
    local dir, file = open 'dir', open 'file'
    test.eq(fs.current_working_directory(dir), nil)
    test.eq(here(), top .. '/dir')
    back()
    dir:dup():close()
    fs.current_working_directory(dir)
    back()
    local e = test.raises_code(function() fs.current_working_directory(file) end, 20, 'system')
    test.eq(e.path1, nil)
    dir:close()
    file:close()
    test.raises_code(function() fs.current_working_directory(dir) end, 22, 'generic', { arg = 1 })
    test.eq(here(), top)
end)

test('06.101 a child sees directory and umask', function()
    local before = fs.umask(63)
    fs.current_working_directory(P 'dir')
    test.eq(C.emilua_test_system '[ "$(pwd -P)" = "$TMP/dir" ] && [ "$(umask)" = 0077 ]', 0)
    back()
    fs.umask(before)
end)

test('06.102 the directory is gone', function()
    C.emilua_test_mkdir('gone', 511)
    fs.current_working_directory(P 'gone')
    C.emilua_test_rmdir '../gone'
    local e = test.raises_code(fs.current_working_directory, 2, 'generic')
    test.eq(e.path1, nil)
    test.eq(e.path2, nil)
    back()
end)

test('06.62 umask', function()
    local before = fs.umask(18)
    test.eq(fs.umask(63), 18)
    test.eq(fs.umask(-1), 63)
    test.eq(fs.umask(4095), 511)
    test.eq(fs.umask '18', 511)
    test.eq(fs.umask(18.9), 18)
    test.eq(fs.umask(before), 18)
    test.raises_string(function() fs.umask() end, 'number expected')
    test.raises_string(function() fs.umask {} end, 'number expected')
end)

test('06.103 chroot: arguments', function()
    for _, bad in ipairs { '/tmp', 1, {} } do
        test.raises_code(function() fs.chroot(bad) end, 22, 'generic', { arg = 1 })
    end
    local e = test.raises_code(function() fs.chroot(P 'dir\0x') end, 22, 'generic')
    test.eq(tostring(e.path1), 'dir\0x')
end)

test.done()
