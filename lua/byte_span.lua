-- Element access of byte_span (04 §1.2).
--
-- In Lua over FFI, so that the JIT compiler sees loads and stores: a C function would end every trace. All memory is
-- accessed as bytes, because the compiler assumes that accesses of different types never overlap.
local ffi, metatable_of, metatable, settled_metatable, methods, native = ...

local type, tonumber, pairs, cast, tobit = type, tonumber, pairs, ffi.cast, bit.tobit
local load_accessors = native.load_accessors
local raise_invalid_argument, raise_out_of_range, raise_read_only, raise_bad_index =
    native.raise_invalid_argument, native.raise_out_of_range, native.raise_read_only, native.raise_bad_index

-- The first members of emilua::byte_span. Signed, because that converts to a Lua number in one instruction.
local layout = ffi.typeof 'struct { uint8_t *data; ptrdiff_t size, capacity; } *'

-- `metatable_of` is debug.getmetatable(), compiled; nothing that a program makes has one of these metatables.
local function check(self)
    local found = metatable_of(self)
    if found ~= metatable and found ~= settled_metatable then
        raise_invalid_argument(1)
    end
    return cast(layout, self)
end

-- A size of 32 bits is an integer to the compiler, and so is a loop's counter: comparing them takes no conversion.
-- tobit(size) is never above size; the rest of the condition is for fractions and huge spans.
local function contains(span, key)
    local size = tonumber(span.size)
    return key >= 1 and (key <= tobit(size) or key < size + 1)
end

function metatable:__index(key)
    if type(key) == 'number' then
        local span = check(self)
        if contains(span, key) then
            return span.data[key - 1]
        end
        raise_out_of_range()
    end
    local method = methods[key]
    if method then
        return method
    elseif key == 'capacity' then
        return tonumber(check(self).capacity)
    elseif load_accessors then
        -- Most VMs use none of the typed getters and setters: they are made when an unknown name is first looked up.
        load_accessors()(ffi, methods, check, raise_invalid_argument)
        load_accessors = nil
        return self[key]
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
    if contains(span, key) and value > -1 and value < 256 then
        span.data[key - 1] = value
    else
        raise_out_of_range()
    end
end

function metatable:__len()
    return tonumber(check(self).size)
end

-- Spans without a finalizer.
for name, value in pairs(metatable) do
    if name ~= '__gc' then
        settled_metatable[name] = value
    end
end
