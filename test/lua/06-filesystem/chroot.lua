-- Another root, for good: each case is a process of its own (06 §6.5).
-- The leak checker of the sanitizers needs /proc.

--@ test 06.103 chroot changes the root and nothing else
--@ need root
--@ run $EMILUA $FILE root
--@ env ASAN_OPTIONS=detect_leaks=0
--@ test 06.103 chroot refuses
--@ need root
--@ run $EMILUA $FILE refused
--@ test 06.103 chroot is not for everybody
--@ run $EMILUA $FILE unprivileged
--@ test 06.103 07.73 confinement of all threads in a root without /proc
--@ need root landlock !sanitizer:thread
--@ run $EMILUA $FILE confined
--@ env ASAN_OPTIONS=detect_leaks=0

local test = require 'test'
local fs = require 'filesystem'
local ffi = require 'ffi'
local system = require 'system'
local P = fs.path.new

ffi.cdef [[
int emilua_test_access(const char*, int) __asm__("access");
int emilua_test_mkdir(const char*, unsigned) __asm__("mkdir");
]]
local C = ffi.C

if _CONTEXT == 'worker' then -- waits until all is done
    pcall(require('inbox').receive, require 'inbox')
    return
end

local function exists(path) return C.emilua_test_access(path, 0) == 0 end
C.emilua_test_mkdir('box', 493)
C.emilua_test_mkdir('box/marker', 493)

local cases = {}

function cases.root()
    test.eq(fs.chroot(P 'box'), nil)
    test.ok(exists '/marker' and not exists '/proc')
    test.ok(exists 'box/marker') -- the working directory is where it was, outside
    test.raises_code(fs.current_working_directory, 2, 'generic')
    fs.current_working_directory(P '/')
    test.eq(tostring(fs.current_working_directory()), '/')
    test.ok(exists 'marker')
end

function cases.refused()
    for path, code in pairs { missing = 2, [''] = 2, ['/dev/null'] = 20 } do
        local e = test.raises_code(function() fs.chroot(P(path)) end, code, 'system')
        test.eq(tostring(e.path1), path)
    end
    test.ok(exists '/proc')
end

function cases.unprivileged()
    system.cap_init():set_proc()
    local e = test.raises_code(function() fs.chroot(P 'box') end, 1, 'system')
    test.eq(tostring(e.path1), 'box')
    test.ok(not exists '/marker')
end

function cases.confined()
    local channel = spawn_vm { module = '.', inherit_context = false }
    fs.chroot(P 'box')
    fs.current_working_directory(P '/')
    system.cap_init():set_proc()
    system.set_no_new_privs()
    local rules = system.landlock_create_ruleset { handled_access_fs = { 'make_dir' } }
    system.landlock_restrict_self(rules)
    test.ok(C.emilua_test_mkdir('x', 493) ~= 0)
    channel:close()
end

cases[system.arguments[3]]()
