-- An actor that runs the code in its environment: see _ipc.lua.
local inbox, stream, system, time = require 'inbox', require 'stream', require 'system', require 'time'
local code = 'local inbox, stream, system, time = ... ' .. system.environment.CODE
setfenv(assert(loadstring(code, '=child')), getfenv())(inbox, stream, system, time)
