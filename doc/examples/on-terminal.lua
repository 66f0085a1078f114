#!/usr/bin/env emilua
-- Runs a program on a terminal of its own inside of ours, as script(1), ssh -t and `docker run -it` do:
-- emilua on-terminal.lua PROGRAM [ARG]... Keys go through as they are, Ctrl-C too; the status is the program's.
--@ need tty
--@ test 05.111 size, controlling terminal, keys, status
--@ tty
--@ run $EMILUA $FILE sh -c 'stty size; stty -echo; tty </dev/tty >/dev/null && echo controlled; read line; echo "<$line>"; exit 5'; echo $?; stty -a | grep -o ' -\?icanon'
--@ stdin typed\n
--@ stdout~ 24 80\n(typed\n)?controlled\n<typed>\n5\n icanon\n\Z
--@ test 05.111 without a terminal it says so
--@ run $EMILUA $FILE true </dev/null
--@ status 1
--@ stderr on-terminal: standard input is no terminal
-- tag::code[]
local pipe = require 'pipe'
local serial_port = require 'serial_port'
local stream = require 'stream'
local system = require 'system'

if not system.in_:isatty() then
    stream.write_all(system.err, 'on-terminal: standard input is no terminal\n')
    system.exit(1)
end

-- stty(1) for the terminal `stdin`; returns what it prints.
local function stty(stdin, ...)
    local reader, writer = pipe.pair()
    local output = writer:release()
    local child = system.spawn{
        program = 'stty', arguments = { 'stty', ... }, environment = system.environment,
        stdin = stdin, stdout = output, stderr = 'share',
    }
    output:close()
    local buffer = byte_span.new(1024)
    local ok, n = pcall(reader.read_some, reader, buffer)
    child:wait()
    return ok and tostring(buffer:slice(1, n)) or ''
end

local master, slave = serial_port.ptypair()
local rows, columns = stty('share', 'size'):match '(%d+) (%d+)'
stty(slave, 'rows', rows, 'cols', columns)
local settings = stty('share', '-g'):match '%S+'
stty('share', 'raw', '-echo')                   -- the inner terminal makes lines, echo and signals

local arguments = { unpack(system.arguments, 3) }
local child = system.spawn{
    program = arguments[1], arguments = arguments, environment = system.environment,
    stdin = slave, stdout = slave, stderr = slave, start_new_session = true, set_ctty = slave,
}
slave:close()

-- Until one side ends: a terminal that nobody has open any more raises EIO.
local function relay(from, to)
    local buffer = byte_span.new(4096)
    while pcall(function() stream.write_all(to, buffer:slice(1, from:read_some(buffer))) end) do end
end
local keys = spawn(function() relay(system.in_, master) end)
relay(master, system.out)
keys:interrupt()
keys:join()
child:wait()
stty('share', settings)
system.exit(child.exit_code)
-- end::code[]
