-- An actor that runs the code in its environment: see _sandbox.lua.
local environment = require('system').environment
setfenv(assert(loadstring(environment.CODE, '=actor')), getfenv())()
