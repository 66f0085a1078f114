---@meta stream
-- Manual: doc/reference/stream.adoc

---@class read_stream
---@field read_some fun(self, buffer: byte_span): integer

---@class write_stream
---@field write_some fun(self, buffer: byte_span): integer

---@class stream
local stream = {}

---Reads until `buffer` is full.
---@param io read_stream
---@param buffer byte_span
---@return integer
function stream.read_all(io, buffer) end

---@param io read_stream
---@param buffer byte_span
---@param minimum integer
---@return integer
function stream.read_at_least(io, buffer, minimum) end

---Writes all of `buffer`.
---@param io write_stream
---@param buffer byte_span|string
---@return integer
function stream.write_all(io, buffer) end

---@param io write_stream
---@param buffer byte_span|string
---@param minimum integer
---@return integer
function stream.write_at_least(io, buffer, minimum) end

return stream
