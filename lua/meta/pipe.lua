---@meta pipe
-- Manual: doc/reference/pipe.adoc. S: suspends, and is an interruption point.

---@class pipe
local pipe = {}

---@return pipe.read_stream, pipe.write_stream
function pipe.pair() end

pipe.read_stream = {}

---@param fd? file_descriptor
---@return pipe.read_stream
function pipe.read_stream.new(fd) end

pipe.write_stream = {}

---@param fd? file_descriptor
---@return pipe.write_stream
function pipe.write_stream.new(fd) end

---What both ends have.
---@class pipe.end
---@field is_open boolean
local pipe_end = {}

---@param fd file_descriptor
function pipe_end:assign(fd) end

---@return file_descriptor
function pipe_end:release() end

---Aborts pending operations of all fibers.
function pipe_end:cancel() end

---Aborts pending operations of all fibers.
function pipe_end:close() end

---@class pipe.read_stream: pipe.end, read_stream
local read_stream = {}

---S. Waits for data; returns how many bytes. Raises `asio_error.misc.eof` at the end.
---@param buffer byte_span
---@return integer
function read_stream:read_some(buffer) end

---@class pipe.write_stream: pipe.end, write_stream
local write_stream = {}

---S. Waits for room; returns how many bytes were written.
---@param buffer byte_span
---@return integer
function write_stream:write_some(buffer) end

return pipe
