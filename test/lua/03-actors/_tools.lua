-- What the tests of this folder share.
local inbox = require 'inbox'

-- Runs `code` in a new VM, where `...` is `arguments` (a table; `reply` in it is a channel to this VM) and then its
-- inbox. Returns a channel to it.
function remote(code, arguments, options)
    options = options or {}
    options.module = '/_remote'
    local channel = spawn_vm(options)
    arguments = arguments or {}
    arguments.code = 'local job, inbox = ... ' .. code
    arguments.reply = inbox
    channel:send(arguments)
    return channel
end

-- What `code` returns in a new VM.
function eval(code, arguments, options)
    local channel = remote('job.reply:send{ (function() ' .. code .. ' end)() }', arguments, options)
    local result = inbox:receive()
    channel:close()
    return unpack(result)
end

function is_code(e, code, category)
    return getmetatable(e) == 'error_code' and e.code == code and tostring(e.category) == (category or 'emilua.core')
end

channel_closed, no_senders, interrupted = 15, 16, 13
