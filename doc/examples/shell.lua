-- A small shell with job control: pipelines, `&`, ctrl-C, ctrl-Z, `jobs`, `fg`, `bg`, `exit`. No quoting, no variables.
-- test/py/shell.py drives it through a terminal.
--@ test 07.91 without a terminal it says so
--@ status 1
--@ stderr The shell needs a terminal
-- tag::code[]
local system = require 'system'
local pipe, stream = require 'pipe', require 'stream'
local mutex, condition_variable = require 'mutex', require 'condition_variable'
local ffi = require 'ffi'
local signal, terminal = system.signal, system.in_

local function say(text) stream.write_all(system.err, text) end

if not terminal:isatty() then
    say 'The shell needs a terminal\n'
    system.exit(1)
end
local own_group = terminal:tcgetpgrp()
local terminal_fd = terminal:dup()

-- Keys send signals to the foreground group, which is ours while we read a line. And as we are in the background while a
-- job is not, we may not be stopped when we take the terminal back.
for _, name in ipairs { 'SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGTTOU' } do signal.ignore(signal[name]) end

-- subprocess:wait() waits for the end only. That a child was stopped or continued is a state change, too: SIGCHLD tells
-- that there is one, and waitid(2) without WEXITED which, and leaves the end to wait().
ffi.cdef 'int waitid(int what, unsigned id, int *info, int options);'
local P_PID, WNOHANG, WSTOPPED, WCONTINUED, CLD_STOPPED = 1, 1, 2, 8, 5
local info = ffi.new('int[32]')

local function state_change(pid)
    info[0] = 0
    ffi.C.waitid(P_PID, pid, info, WNOHANG + WSTOPPED + WCONTINUED)
    if info[0] == 0 then return nil end
    return info[2] == CLD_STOPPED and 'stopped' or 'running'
end

-- ---- Jobs: {number, text, processes, left, state}

local jobs = {}
local lock, changed = mutex.new(), condition_variable.new()

local function set_state(job, state)
    if job.state == state then return end
    job.state, job.told = state, false
    changed:notify_all()
end

local function watch_end(job, process)
    spawn(function()
        process:wait()
        job.left = job.left - 1
        if job.left == 0 then set_state(job, 'done') end
    end):detach()
end

local children = signal.set.new(signal.SIGCHLD)
spawn(function()
    while true do
        children:wait()
        for _, job in pairs(jobs) do
            for _, process in ipairs(job.processes) do
                local state = process.pid and state_change(process.pid)
                if state and job.state ~= 'done' then set_state(job, state) end
            end
        end
    end
end):detach()

local function describe(job) return ('[%d] %s  %s\n'):format(job.number, job.state, job.text) end

local function send(job, signo)
    for _, process in ipairs(job.processes) do
        if process.pid then process:kill(signo) end
    end
end

-- Until it ends or stops. Then the terminal is ours again.
local function wait_in_foreground(job)
    lock:lock()
    while job.state == 'running' do changed:wait(lock) end
    lock:unlock()
    terminal:tcsetpgrp(own_group)
    if job.state == 'stopped' then say('\n') end
end

-- Says what has happened, as before each prompt.
local function tell()
    for number, job in pairs(jobs) do
        if not job.told and job.state ~= 'running' then
            if job.background or job.state == 'stopped' then say(describe(job)) end
            job.told = true
        end
        if job.state == 'done' then jobs[number] = nil end
    end
end

-- ---- Starting

local function split(text, separator)
    local parts = {}
    for part in text:gmatch('[^' .. separator .. ']+') do parts[#parts + 1] = part end
    return parts
end

-- All processes are in the group of the first, which makes the group and takes the terminal.
local function start(text)
    local command, background = text:gsub('%s*&%s*$', '')
    local job = { number = #jobs + 1, text = command, processes = {}, left = 0, state = 'running',
        background = background > 0 }
    local input = 'share'
    local programs = split(command, '|')
    for i, program in ipairs(programs) do
        local arguments = split(program, '%s')
        local output, next_input = 'share', nil
        if i < #programs then
            local r, w = pipe.pair()
            next_input, output = r:release(), w:release()
        end
        local leader = job.processes[1]
        local ok, process = pcall(system.spawn, {
            program = arguments[1] or '', arguments = arguments, environment = system.environment,
            stdin = input, stdout = output, stderr = 'share',
            process_group = leader and leader.pid or 0,
            foreground = not leader and not job.background and terminal_fd or nil,
        })
        if input ~= 'share' then input:close() end
        if output ~= 'share' then output:close() end
        input = next_input
        if ok then
            job.processes[#job.processes + 1] = process
        else
            say(('%s: %s\n'):format(arguments[1] or '', tostring(process)))
        end
    end
    if #job.processes == 0 then
        terminal:tcsetpgrp(own_group) -- the child took it before it failed
        return
    end
    job.left = #job.processes
    jobs[job.number] = job
    for _, process in ipairs(job.processes) do watch_end(job, process) end
    if job.background then
        say(('[%d] %d\n'):format(job.number, job.processes[1].pid))
    else
        wait_in_foreground(job)
    end
end

local function continue(job, in_foreground)
    job.background = not in_foreground
    if in_foreground then
        say(job.text .. '\n')
        local leader = job.processes[1]
        terminal:tcsetpgrp(leader.pid)
    end
    -- A job that runs is not sent it: that would undo a ctrl-Z that comes at once.
    local stopped = job.state == 'stopped'
    set_state(job, 'running')
    if stopped then send(job, signal.SIGCONT) end
    if in_foreground then wait_in_foreground(job) end
end

-- ---- The prompt

local function chosen(number)
    local job = jobs[tonumber(number) or #jobs]
    if not job then say 'no such job\n' end
    return job
end

local builtins = {
    jobs = function()
        for _, job in pairs(jobs) do
            say(describe(job))
            job.told = true
        end
    end,
    fg = function(number)
        local job = chosen(number)
        if job then continue(job, true) end
    end,
    bg = function(number)
        local job = chosen(number)
        if job then continue(job, false) end
    end,
    exit = function()
        for _, job in pairs(jobs) do
            send(job, signal.SIGHUP)
            send(job, signal.SIGCONT)
        end
        system.exit()
    end,
}

local lines = stream.scanner.new{ stream = terminal }
while true do
    tell()
    say '$ '
    local ok, line = pcall(lines.get_line, lines)
    if not ok then builtins.exit() end -- the end of file key, or the terminal is gone
    local words = split(tostring(line), '%s')
    if builtins[words[1]] then
        builtins[words[1]](words[2])
    elseif words[1] then
        start(tostring(line))
    end
end
-- end::code[]
