-- The foreground group of the terminal that this program runs on.
--@ tty
--@ test 07.91 foreground = "stdin" makes the group of the child the one in the foreground
--@ run $EMILUA $FILE stdin
--@ stdout true	true
--@ stdout 0
--@ test 07.91 foreground with a descriptor
--@ run $EMILUA $FILE descriptor
--@ stdout true	true
--@ stdout 0
--@ test 07.91 the foreground stays with the parent unless it is asked for
--@ run $EMILUA $FILE none
--@ stdout true	false
--@ stdout 0
local ffi = require 'ffi'
local system = require 'system'
local helpers = require 'helpers'
local p = require './_processes'

local SIGTTOU, SIG_IGN = 22, ffi.cast('void*', 1)
p.C.signal(SIGTTOU, SIG_IGN)

local terminal = system.in_:dup()
local choice = { stdin = 'stdin', descriptor = terminal }
local own = system.in_:tcgetpgrp()
local child = system.spawn {
    program = 'sleep', arguments = { 'sleep', '1000' }, stdin = 'share', process_group = 0,
    foreground = choice[system.arguments[3]],
}
local group, foreground = helpers.read_file('/proc/' .. child.pid .. '/stat'):match '%) %a %d+ (%d+) %d+ %d+ (%d+)'
local is_foreground = system.in_:tcgetpgrp() == child.pid
system.in_:tcsetpgrp(own)
print(tonumber(group) == child.pid, is_foreground and foreground == group)
child:kill(9)
child:wait()
print(child.exit_code - 137)
