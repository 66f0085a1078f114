-- What goes wrong in a worker stays there (01 §4.10, 03 §7).

--@ file fails.lua
--| local inbox = require 'inbox'
--| inbox:receive()
--| error 'worker failed'
--@ file fails_at_once.lua
--| error 'at once'
--@ file bad_cleanup.lua
--| scope_cleanup_push(function() error 'never shown' end)
--| spawn(function() while true do this_fiber.yield() end end):detach()

--@ test 01.71 a worker's panic is reported and the main VM goes on
--@ script main.lua
--@ stdout sent
--@ stdout Channel closed
--@ stdout main goes on
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: '\$TMP/fails\.lua:3: worker failed'\nstack traceback:\n(\t[^\n]*\n)+\Z
--@ test 01.71 a worker that fails at once does not change the status
--@ file x.lua
--| spawn_vm './fails_at_once'
--@ run $EMILUA x.lua
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: '\$TMP/fails_at_once\.lua:1: at once'\n
--@ test 01.71 a failing clean-up handler of a worker closes only the worker
--@ file x.lua
--| local channel = spawn_vm './bad_cleanup'
--| local ok, e = pcall(channel.send, channel, 'x')
--| print(ok, e)
--@ run $EMILUA x.lua | tr '\t' ' '
--@ stdout false Channel closed
--@ stderr~ \AVM (0x[0-9a-f]+) forcibly closed due to error raised on cleanup handler from coroutine \1\n\Z
--@ test 01.71 the main VM fails while a worker runs
--@ file waits.lua
--| local inbox = require 'inbox'
--| print(pcall(inbox.receive, inbox))
--@ file x.lua
--| local channel = spawn_vm './waits'
--| error 'main failed'
--@ run $EMILUA x.lua
--@ status 1
--@ stdout~ \Afalse\tBroadcast the address before attempting to receive on it\n\Z
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: '[^\n]*: main failed'\n

local channel = spawn_vm './fails'
channel:send 'go'
print 'sent'
local ok, e
repeat
    ok, e = pcall(channel.send, channel, 'again')
until not ok
assert(e.code == 15 and tostring(e.category) == 'emilua.core')
print(e)
print 'main goes on'
