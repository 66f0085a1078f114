-- An actor that runs the code in its environment: see _ipc.lua.
local inbox = require 'inbox'
local code = require('system').environment.CODE
setfenv(assert(loadstring('local inbox = ... ' .. code, '=child')), getfenv())(inbox)
