---@meta byte_span
-- Manual: doc/reference/byte_span.adoc

---A mutable window over a block of bytes, counted from 1.
---@class byte_span
---@field [integer] integer a byte
---@field capacity integer
---@operator len: integer
---@field get_i8 fun(self: byte_span): integer
---@field set_i8 fun(self: byte_span, value: number)
---@field get_u16be fun(self: byte_span): integer
---@field set_u16be fun(self: byte_span, value: number)
---@field get_u16le fun(self: byte_span): integer
---@field set_u16le fun(self: byte_span, value: number)
---@field get_u24be fun(self: byte_span): integer
---@field set_u24be fun(self: byte_span, value: number)
---@field get_u24le fun(self: byte_span): integer
---@field set_u24le fun(self: byte_span, value: number)
---@field get_u32be fun(self: byte_span): integer
---@field set_u32be fun(self: byte_span, value: number)
---@field get_u32le fun(self: byte_span): integer
---@field set_u32le fun(self: byte_span, value: number)
---@field get_u40be fun(self: byte_span): integer
---@field set_u40be fun(self: byte_span, value: number)
---@field get_u40le fun(self: byte_span): integer
---@field set_u40le fun(self: byte_span, value: number)
---@field get_u48be fun(self: byte_span): integer
---@field set_u48be fun(self: byte_span, value: number)
---@field get_u48le fun(self: byte_span): integer
---@field set_u48le fun(self: byte_span, value: number)
---@field get_i16be fun(self: byte_span): integer
---@field set_i16be fun(self: byte_span, value: number)
---@field get_i16le fun(self: byte_span): integer
---@field set_i16le fun(self: byte_span, value: number)
---@field get_i24be fun(self: byte_span): integer
---@field set_i24be fun(self: byte_span, value: number)
---@field get_i24le fun(self: byte_span): integer
---@field set_i24le fun(self: byte_span, value: number)
---@field get_i32be fun(self: byte_span): integer
---@field set_i32be fun(self: byte_span, value: number)
---@field get_i32le fun(self: byte_span): integer
---@field set_i32le fun(self: byte_span, value: number)
---@field get_i40be fun(self: byte_span): integer
---@field set_i40be fun(self: byte_span, value: number)
---@field get_i40le fun(self: byte_span): integer
---@field set_i40le fun(self: byte_span, value: number)
---@field get_i48be fun(self: byte_span): integer
---@field set_i48be fun(self: byte_span, value: number)
---@field get_i48le fun(self: byte_span): integer
---@field set_i48le fun(self: byte_span, value: number)
---@field get_f32be fun(self: byte_span): number
---@field set_f32be fun(self: byte_span, value: number)
---@field get_f32le fun(self: byte_span): number
---@field set_f32le fun(self: byte_span, value: number)
---@field get_f64be fun(self: byte_span): number
---@field set_f64be fun(self: byte_span, value: number)
---@field get_f64le fun(self: byte_span): number
---@field set_f64le fun(self: byte_span, value: number)
byte_span = {}

---@param length integer
---@param capacity? integer
---@return byte_span
function byte_span.new(length, capacity) end

---Of a span: what fits its capacity shares its memory.
---@param ... byte_span|string|nil
---@return byte_span
function byte_span.append(...) end

---Both ends included; shares the memory. `end_` may reach up to the capacity.
---@param start? integer
---@param end_? integer
---@return byte_span
function byte_span:slice(start, end_) end

---@param src byte_span|string
---@return integer
function byte_span:copy(src) end

---@param prefix byte_span|string
---@return boolean
function byte_span:starts_with(prefix) end

---@param suffix byte_span|string
---@return boolean
function byte_span:ends_with(suffix) end

---@param needle byte_span|string|nil
---@param start? integer
---@return integer?
function byte_span:find(needle, start) end

---@param needle byte_span|string|nil
---@param end_? integer
---@return integer?
function byte_span:rfind(needle, end_) end

---@param set byte_span|string|nil
---@param start? integer
---@return integer?
function byte_span:find_first_of(set, start) end

---@param set byte_span|string|nil
---@param end_? integer
---@return integer?
function byte_span:find_last_of(set, end_) end

---@param set byte_span|string|nil
---@param start? integer
---@return integer?
function byte_span:find_first_not_of(set, start) end

---@param set byte_span|string|nil
---@param end_? integer
---@return integer?
function byte_span:find_last_not_of(set, end_) end

---Without the bytes of `lws` (white space) at both ends.
---@param lws? byte_span|string
---@return byte_span
function byte_span:trimmed(lws) end

return byte_span
