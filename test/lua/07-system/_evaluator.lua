-- Runs the code that it is sent: see new_worker() of _rights.lua.
local inbox = require 'inbox'
r = require '/_rights'
while true do
    local ok, job = pcall(inbox.receive, inbox)
    if not ok then break end
    local f = setfenv(assert(loadstring(job.code, '=evaluated')), getfenv())
    job.reply:send { f() }
    job.reply:close()
end
