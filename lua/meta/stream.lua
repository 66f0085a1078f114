---@meta stream
-- Manual: doc/reference/stream.adoc, doc/reference/scanner.adoc

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

---What a scanner reads with: each may be changed between records.
---@class stream.scanner.options
---@field stream? read_stream
---@field record_separator? string|regex.object a newline
---@field field_separator? string|regex.object|fun(record: byte_span): ...
---@field field_pattern? regex.object
---@field trim_record? boolean|string|byte_span
---@field max_record_size? integer 65536
---@field buffer_size_hint? integer 4096

---@class stream.scanner.object: stream.scanner.options
---@field record_number integer
---@field record_terminator string|byte_span|nil
local scanner = {}

---Suspends only to read. Returns the record; its fields if a separator or a pattern is set; or what the separator
---returns. Views are valid until the next record. Raises `asio_error.misc.eof` at the end.
---@return byte_span|byte_span[]|any ...
function scanner:get_line() end

---The current record as it was read.
---@return byte_span
function scanner:buffered_line() end

---Drops the current record from the buffer.
function scanner:remove_line() end

---What is buffered, and the position at which it begins.
---@return byte_span, integer
function scanner:buffer() end

---@param buf byte_span not to be used any more
---@param offset? integer
function scanner:set_buffer(buf, offset) end

---@class stream.scanner
---@field mt table
stream.scanner = {}

---Returns `options` itself.
---@param options? stream.scanner.options
---@return stream.scanner.object
function stream.scanner.new(options) end

---Fields are words.
---@param read_stream read_stream
---@return stream.scanner.object
function stream.scanner.with_awk_defaults(read_stream) end

return stream
