-- A worker that runs the code it is sent: see _tools.lua.
local inbox = require 'inbox'
local job = inbox:receive()
setfenv(assert(loadstring(job.code, '=remote')), getfenv())(job, inbox)
