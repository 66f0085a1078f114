---@meta serial_port
-- Manual: doc/reference/serial_port.adoc. S: suspends, and is an interruption point.

---@class serial_port.module
local module = {}

---@param fd? file_descriptor
---@return serial_port
function module.new(fd) end

---A new pseudoterminal: its master, and a descriptor of its slave.
---@return serial_port, file_descriptor
function module.ptypair() end

---@class serial_port: read_stream, write_stream
---@field is_open boolean
---@field baud_rate integer
---@field flow_control? "software"|"hardware"
---@field parity? "odd"|"even"
---@field stop_bits "one"|"one_point_five"|"two"
---@field character_size integer 5 to 8
local serial_port = {}

---Leaves the settings of the line as they are.
---@param device string
function serial_port:open(device) end

---S. Waits for data; returns how many bytes.
---@param buffer byte_span
---@return integer
function serial_port:read_some(buffer) end

---S. Waits for room; returns how many bytes were written.
---@param buffer byte_span
---@return integer
function serial_port:write_some(buffer) end

---Blocks the thread for up to half a second.
function serial_port:send_break() end

---@return boolean
function serial_port:isatty() end

---@return integer
function serial_port:tcgetpgrp() end

---@param pgid integer
function serial_port:tcsetpgrp(pgid) end

---@param fd file_descriptor
function serial_port:assign(fd) end

---@return file_descriptor
function serial_port:release() end

---Aborts pending operations of all fibers.
function serial_port:cancel() end

---Aborts pending operations of all fibers.
function serial_port:close() end

return module
