local inbox, time = require 'inbox', require 'time'

if _CONTEXT == 'worker' then                                    -- what runs in the sandbox
    local job = inbox:receive()
    local ok, result = pcall(assert(loadstring(job.code)))
    job.reply_to:send(tostring(result))
    return
end

local function evaluate(code)
    local actor = spawn_vm{ module = tostring(_FILE), subprocess = {
        newns_user = true, newns_pid = true, newns_net = true,  -- nobody; no other process, no network
        init = { script = ([[
            local rules = C.landlock_create_ruleset{ handled_access_fs = {
                'execute', 'read_file', 'read_dir', 'write_file', 'remove_dir', 'remove_file', 'make_char',
                'make_dir', 'make_reg', 'make_sock', 'make_fifo', 'make_block', 'make_sym', 'refer', 'truncate' } }
            C.landlock_add_rule(rules, 'path_beneath', {        -- no file but this one
                parent_fd = C.open(%q, C.O_PATH), allowed_access = { 'read_file' } })
            C.setsid()                                          -- out of reach: our terminal and process group
            C.cap_set_proc('=')
            set_no_new_privs()
            C.landlock_restrict_self(rules)
        ]]):format(tostring(_FILE)) },
    } }
    actor:send{ code = code, reply_to = inbox }
    local deadline = spawn(function() time.sleep(1) actor:kill() end)
    local answered, answer = pcall(inbox.receive, inbox)        -- raises when the actor has died
    deadline:interrupt()
    return answered and answer or 'killed'
end

print(evaluate "return 6 * 7")
print(evaluate "local ip = require 'ip' ip.tcp.socket.new():connect(ip.address.new '1.1.1.1', 80)")
print(evaluate "while true do end")
