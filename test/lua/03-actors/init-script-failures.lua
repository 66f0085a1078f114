-- What is on stderr when an init script ends its actor.
--@ status 0
--@ test 03.51 an error
--@ run $EMILUA $FILE "error('boom', 0)"
--@ stderr <3>ipc_actor/init/script: boom
--@ test 03.51 an error of the language
--@ run $EMILUA $FILE "local x = nil; x.y = 1"
--@ stderr <3>ipc_actor/init/script: init.script:1: attempt to index local 'x' (a nil value)
--@ test 03.51 a syntax error
--@ run $EMILUA $FILE "x ="
--@ stderr <3>ipc_actor/init/script: init.script:1: unexpected symbol near '<eof>'
--@ test 03.51 an error that is no string
--@ run $EMILUA $FILE "error{}"
--@ test 03.51 errexit
--@ run $EMILUA $FILE "C.chdir('/nowhere')"
--@ stderr <3>ipc_actor/init: No such file or directory
--@ test 03.51 the place, if the host says that it is debugging
--@ run EMILUA_LOG_LEVELS=7 $EMILUA $FILE "C.umask(0) C.chdir('/nowhere')"; EMILUA_LOG_LEVELS=7 $EMILUA $FILE "write_all(99, 'x')"; EMILUA_LOG_LEVELS=6 $EMILUA $FILE "C.chdir('/nowhere')"
--@ stderr <7>ipc_actor/init: init.script:1: in function 'chdir'
--@ stderr <3>ipc_actor/init: No such file or directory
--@ stderr <7>ipc_actor/init: init.script:1: in function 'write_all'
--@ stderr <3>ipc_actor/init: Bad file descriptor
--@ stderr <3>ipc_actor/init: No such file or directory
--@ test 03.51 pcall does not stop it
--@ run $EMILUA $FILE "pcall(C.chdir, '/nowhere') print('on')"
--@ stderr <3>ipc_actor/init: No such file or directory
--@ stdout! on
--@ test 03.51 memory
--@ run $EMILUA $FILE "pcall(function() local t = {} while true do t = {t} end end)"
--@ stderr <3>ipc_actor/init/alloc: Cannot allocate memory
--@ test 03.51 os.exit
--@ run $EMILUA $FILE "os.exit(7)"
--@ test 03.52 errexit = 0 is true
--@ run $EMILUA $FILE "errexit = 0 C.chdir('/nowhere')"
--@ stderr <3>ipc_actor/init: No such file or directory
--@ test 03.52 an unknown key
--@ run $EMILUA $FILE "print(C.nonsense)"
--@ stderr <3>ipc_actor/init/script: key not found
--@ test 03.56 capability text
--@ run $EMILUA $FILE "errexit = false pcall(C.cap_set_proc, 'nonsense')"
--@ stderr <3>ipc_actor/init/cap_set_proc: Invalid argument
--@ test 03.56 capability name
--@ run $EMILUA $FILE "errexit = false pcall(C.cap_drop_bound, 'nonsense')"
--@ stderr <3>ipc_actor/init/cap_drop_bound: Invalid argument
--@ test 03.56 elements of lists
--@ run $EMILUA $FILE "errexit = false pcall(C.setgroups, {0, 'x'})"; $EMILUA $FILE "errexit = false C.fexecve(0, {1})"
--@ stderr <3>ipc_actor/init/setgroups: Invalid argument
--@ stderr <3>ipc_actor/init/fexecve: Invalid argument
--@ test 03.60 a module that Landlock hides
--@ need landlock
--@ run $EMILUA $FILE "set_no_new_privs() C.landlock_restrict_self((C.landlock_create_ruleset{handled_access_fs = {'read_file'}}))"
--@ stderr~ ^Error starting the lua VM: .*\n$
local system = require 'system'
local time = require 'time'
local unix = require 'unix'

-- Whatever happens, the host goes on and sees the end of the connections.
local mine, theirs = unix.seqpacket_socket.pair()
theirs = theirs:release()
local channel = spawn_vm{ module = tostring(_FILE), subprocess = { stdout = 'share', stderr = 'share',
    init = { script = system.arguments[3], arg = theirs } } }
theirs:close()
local ok, e = pcall(mine.receive, mine, byte_span.new(1))
assert(not ok and e.code == 2)
repeat
    ok, e = pcall(channel.send, channel, 1)
    time.sleep(0.01)
until not ok
assert(e.code == 32 or e.code == 104, tostring(e))
