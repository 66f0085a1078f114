---@meta system

---Standard input. Raises `asio_error.misc.eof` at its end.
---@class system.in_: read_stream
local in_ = {}

---Suspends until there is input; returns how many bytes.
---@param buffer byte_span
---@return integer
function in_:read_some(buffer) end

---@return file_descriptor
function in_:dup() end

---@return boolean
function in_:isatty() end

---@return integer
function in_:tcgetpgrp() end

---@param pgid integer
function in_:tcsetpgrp(pgid) end

---Standard output or error. Unlike `print` it keeps nothing in a buffer.
---@class system.out: write_stream
local out = {}

---Suspends while the reader is slow; returns how many bytes were written.
---@param buffer byte_span
---@return integer
function out:write_some(buffer) end

---@return file_descriptor
function out:dup() end

---@return boolean
function out:isatty() end

---@return integer
function out:tcgetpgrp() end

---@param pgid integer
function out:tcsetpgrp(pgid) end

---@class system
---@field arguments string[] the command, the file, then what the user gave; a new table each time
---@field environment table<string, string> a new table each time
---@field in_ system.in_
---@field out system.out
---@field err system.out
---@field signal system.signal
local system = {}

---Ends this VM. No clean-up handler runs. In the master VM `code` is the exit status.
---@param code? integer
---@param options? { force: 0|2|"abort" } 2: ends the process at once
function system.exit(code, options) end

return system
