-- Element access and typed getters and setters of byte_span (04 §1.2, §1.4).
--
-- In Lua over FFI, so that the JIT compiler sees loads and stores: a C function would end every trace. All memory is
-- accessed as bytes, because the compiler assumes that accesses of different types never overlap.
local ffi, metatable_of, metatable, methods, native = ...

local type, tonumber, cast = type, tonumber, ffi.cast
local raise_invalid_argument, raise_out_of_range, raise_read_only, raise_bad_index =
    native.raise_invalid_argument, native.raise_out_of_range, native.raise_read_only, native.raise_bad_index

-- The first members of emilua::byte_span. Signed, because that converts to a Lua number in one instruction.
local layout = ffi.typeof 'struct { uint8_t *data; ptrdiff_t size, capacity; } *'

-- `metatable_of` is debug.getmetatable(), compiled; nothing that a program makes has this metatable.
local function check(self)
    if metatable_of(self) ~= metatable then
        raise_invalid_argument(1)
    end
    return cast(layout, self)
end

function metatable:__index(key)
    if type(key) == 'number' then
        local span = check(self)
        if key >= 1 and key < tonumber(span.size) + 1 then
            return span.data[key - 1]
        end
        raise_out_of_range()
    end
    local method = methods[key]
    if method then
        return method
    elseif key == 'capacity' then
        return tonumber(check(self).capacity)
    end
    raise_bad_index()
end

function metatable:__newindex(key, value)
    if type(key) ~= 'number' then
        raise_read_only()
    elseif type(value) ~= 'number' then
        raise_invalid_argument(3)
    end
    local span = check(self)
    if key >= 1 and key < tonumber(span.size) + 1 and value > -1 and value < 256 then
        span.data[key - 1] = value
    else
        raise_out_of_range()
    end
end

function metatable:__len()
    return tonumber(check(self).size)
end
