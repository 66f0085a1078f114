-- Children that outlive their handles, and the end of the process.
--@ test 07.107 the process ends after a child that ignores SIGTERM
--@ run $EMILUA $FILE 15; echo status $?
--@ stdout main
--@ stdout child
--@ stdout status 0
--@ test 07.106 without a signal the process waits for the child
--@ run $EMILUA $FILE 0; echo status $?
--@ stdout main
--@ stdout child
--@ stdout status 0
--@ test 07.107 SIGKILL: nothing is waited for
--@ run $EMILUA $FILE 9; echo status $?
--@ stdout main
--@ stdout status 0
--@ test 07.106 system.exit in a fiber while another one waits for the child
--@ run $EMILUA $FILE exit; echo status $?
--@ stdout main
--@ stdout child
--@ stdout status 7
--@ test 07.106 system.exit with force = 2 leaves the child alone
--@ run $EMILUA $FILE force | { read line; echo $line; sleep 0.1; echo reader; cat; }
--@ stdout main
--@ stdout reader
--@ stdout child
--@ test 07.106 the children of a worker that ends, also when it fails
--@ run $EMILUA $FILE worker 2>/dev/null; echo status $?
--@ stdout main
--@ stdout child
--@ stdout child
--@ stdout status 0
--@ test 07.93 pdeathsig: the child dies with its parent
--@ run $EMILUA $FILE pdeathsig; echo status $?
--@ stdout status 3
--@ test 07.93 pdeathsig: the thread that counts outlives the VM
--@ run $EMILUA $FILE pdeathsig-worker
--@ stdout child
local pipe = require 'pipe'
local system = require 'system'
local what = system.arguments[3]

local function say(line) system.out:write_some(byte_span.append(line, '\n')) end -- at once, unlike print

local held      -- until this is closed the child says nothing

local function start(signo, opts)
    local reader, writer = pipe.pair()
    local stdin
    stdin, held = pipe.pair()
    stdin = stdin:release()
    opts = opts or {}
    opts.program = 'sh'
    opts.arguments = { 'sh', '-c', 'trap "" TERM; echo ready >&3; read line; sleep 0.3; echo child' }
    opts.stdin = stdin
    opts.environment = system.environment
    opts.stdout = 'share'
    writer = writer:release()
    opts.extra_fds = { [3] = writer }
    opts.signal_on_gcreaper = signo
    local child = system.spawn(opts)
    writer:close()
    stdin:close()
    reader:read_some(byte_span.new(6))
    return child
end

if _CONTEXT == 'worker' then
    if what == 'pdeathsig-worker' then
        start(0, { pdeathsig = 9 })
    else
        child = start(15)
        require('inbox'):receive()
        error 'failed'
    end
elseif what == 'exit' then
    local child = start(15)
    spawn(function() child:wait() end)
    this_fiber.yield()
    say 'main'
    held:close()
    system.exit(7)
elseif what == 'force' then
    child = start(9)
    say 'main'
    system.exit(0, { force = 2 })
elseif what == 'worker' then
    local channels = {}
    for i = 1, 2 do channels[i] = spawn_vm { module = '.', inherit_context = false, concurrency_hint = 1 } end
    say 'main'
    for _, channel in ipairs(channels) do channel:send(1) end
elseif what == 'pdeathsig' then
    child = system.spawn { program = 'sleep', arguments = { 'sleep', '1000' }, pdeathsig = 9 }
    system.exit(3, { force = 2 })
elseif what == 'pdeathsig-worker' then
    spawn_vm { module = '.', inherit_context = false, concurrency_hint = 1 }
else
    child = start(tonumber(what))
    say 'main'
    held:close()
end
