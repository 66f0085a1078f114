#!/usr/bin/env emilua
-- What a shell script does, as a program: log-summary.lua [-t SECONDS] PATTERN COMMAND [ARG]...
-- runs the command, prints the lines of its output that match, and counts them. Status: 0, 1 if there are none, 2 for a
-- wrong command line, 124 if the time was over, 130 after Ctrl-C, or what the command failed with.
--@ test 07.102 lines are filtered as they come, the status is right
--@ run $EMILUA $FILE '^b' printf 'apple\nbanana\nblackberry\ncherry'; $EMILUA $FILE x echo; echo $?
--@ stdout banana
--@ stdout blackberry
--@ stdout 2 of 4 lines
--@ stdout 0 of 1 lines
--@ stdout 1
--@ test 07.102 wrong command lines and failing commands
--@ run for a in '' 'x' '-t 0,5 x true' 'x /nonsense' 'x false'; do $EMILUA $FILE $a >/dev/null; echo $?; done
--@ stdout 2
--@ stdout 2
--@ stdout 2
--@ stdout 127
--@ stdout 1
--@ stderr usage: log-summary.lua [-t SECONDS] PATTERN COMMAND [ARG]...
--@ stderr usage: log-summary.lua [-t SECONDS] PATTERN COMMAND [ARG]...
--@ stderr usage: log-summary.lua [-t SECONDS] PATTERN COMMAND [ARG]...
--@ stderr log-summary: /nonsense: No such file or directory
--@ test 07.102 a deadline
--@ run $EMILUA $FILE -t 0.3 e sh -c 'echo one; exec sleep 100'
--@ status 124
--@ stdout one
--@ stdout 1 of 1 lines
--@ test 07.102 Ctrl-C
--@ run $EMILUA $FILE e sh -c 'echo one; kill -INT $PPID; exec sleep 100'
--@ status 130
--@ stdout one
--@ stdout 1 of 1 lines
--@ test 07.102 a reader that has seen enough ends it silently
--@ run $EMILUA $FILE . yes | head -n 1
--@ stdout y
-- tag::code[]
local asio_error = require 'asio_error'
local pipe = require 'pipe'
local stream = require 'stream'
local system = require 'system'
local time = require 'time'
local signal = system.signal

signal.default(signal.SIGPIPE)                  -- `| head` ends us without a word, like any tool

-- for line in each_line(input) do: its end ends the loop, other errors are raised.
local function each_line(input)
    local scanner = stream.scanner.new{ stream = input }
    return function()
        local ok, line = pcall(scanner.get_line, scanner)
        if ok then return tostring(line) end
        if line ~= asio_error.misc.eof then error(line, 0) end
    end
end

local function fail(status, text)
    stream.write_all(system.err, text .. '\n')
    system.exit(status)
end

local argv = { unpack(system.arguments, 3) }    -- after the command and the file
local seconds
if argv[1] == '-t' then
    seconds = tonumber(argv[2]) or -1
    argv = { unpack(argv, 3) }
end
local pattern = table.remove(argv, 1)
if #argv == 0 or seconds == -1 then
    fail(2, 'usage: log-summary.lua [-t SECONDS] PATTERN COMMAND [ARG]...')
end

-- From here on Ctrl-C doesn't end us, it is a notification: before the child that must not be left alone.
local keyboard = signal.set.new(signal.SIGINT, signal.SIGTERM)

local output, child_output = pipe.pair()
child_output = child_output:release()
local ok, child = pcall(system.spawn, {
    program = argv[1], arguments = argv, environment = system.environment,
    stdin = 'share', stdout = child_output, stderr = 'share',
})
if not ok then fail(127, ('log-summary: %s: %s'):format(argv[1], tostring(child))) end
child_output:close()                            -- or the end of the output would never come

-- Whoever wants the child to end says which status that gives.
local status
local function stop(reason)
    status = reason
    child:kill(signal.SIGTERM)
end
local watchers = { spawn(function() stop(128 + keyboard:wait()) end) }
if seconds then
    watchers[2] = spawn(function()
        time.sleep(seconds)
        stop(124)
    end)
end

local count, matching = 0, 0
for line in each_line(output) do
    count = count + 1
    if line:find(pattern) then
        matching = matching + 1
        print(line)
    end
end

child:wait()
for _, watcher in ipairs(watchers) do watcher:interrupt() end
print(('%d of %d lines'):format(matching, count))
if not status and child.exit_code ~= 0 then status = child.exit_code end
system.exit(status or (matching > 0 and 0 or 1))
-- end::code[]
