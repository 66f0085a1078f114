-- Typed getters and setters of byte_span (04 §1.4): see byte_span.lua.
local ffi, methods, check, raise_invalid_argument = ...

local type, tonumber, error, pairs = type, tonumber, error, pairs
local ceil, floor = math.ceil, math.floor
local band, rshift = bit.band, bit.rshift

-- Each integer reader and writer takes a pointer, the index of the least significant byte, and the step to the next one:
-- 1 for little endian, -1 for big endian. Values are unsigned Lua numbers.
local function read8(p, low)
    return p[low]
end

local function read16(p, low, step)
    return p[low] + p[low + step] * 2^8
end

local function read24(p, low, step)
    return read16(p, low, step) + p[low + 2 * step] * 2^16
end

local function read32(p, low, step)
    return read16(p, low, step) + read16(p, low + 2 * step, step) * 2^16
end

local function read40(p, low, step)
    return read32(p, low, step) + p[low + 4 * step] * 2^32
end

local function read48(p, low, step)
    return read32(p, low, step) + read16(p, low + 4 * step, step) * 2^32
end

local function write8(p, low, _, value)
    p[low] = value
end

local function write16(p, low, step, value)
    p[low], p[low + step] = band(value, 0xff), rshift(value, 8)
end

local function write24(p, low, step, value)
    write16(p, low, step, band(value, 0xffff))
    p[low + 2 * step] = rshift(value, 16)
end

local function write32(p, low, step, value)
    write16(p, low, step, band(value, 0xffff))
    write16(p, low + 2 * step, step, rshift(value, 16))
end

local function write40(p, low, step, value)
    local high = floor(value / 2^32)
    write32(p, low, step, value - high * 2^32)
    p[low + 4 * step] = high
end

local function write48(p, low, step, value)
    local high = floor(value / 2^32)
    write32(p, low, step, value - high * 2^32)
    write16(p, low + 4 * step, step, high)
end

-- Where bits change between integer and floating-point. All members begin at one address: only then does the compiler
-- see that they overlap. A NaN must not become a Lua number with its payload, which the VM would take for a tagged
-- value: its bits are looked at first.
local scratch = ffi.new 'union { float f32; uint32_t u32; double f64; int64_t i64; }'

local function read_f32(p, low, step)
    local bits = read32(p, low, step)
    if band(bits, 0x7fffffff) > 0x7f800000 then
        return 0 / 0
    end
    scratch.u32 = bits
    return scratch.f32
end

local function write_f32(p, low, step, value)
    scratch.f32 = value
    write32(p, low, step, scratch.u32)
end

local function read_f64(p, low, step)
    local bits, high = read32(p, low, step), read32(p, low + 4 * step, step)
    local magnitude = band(high, 0x7fffffff)
    if magnitude > 0x7ff00000 or magnitude == 0x7ff00000 and bits ~= 0 then
        return 0 / 0
    end
    scratch.i64 = high * 0x100000000LL + bits
    return scratch.f64
end

local function write_f64(p, low, step, value)
    scratch.f64 = value
    local bits = scratch.i64
    write32(p, low, step, tonumber(band(bits, 0xffffffff)))
    write32(p, low + 4 * step, step, tonumber(rshift(bits, 32)))
end

local function signed(read, bits)
    local limit, modulus = 2^(bits - 1), 2^bits
    return function(p, low, step)
        local value = read(p, low, step)
        return value < limit and value or value - modulus
    end
end

-- Truncates toward zero and keeps the low bits, in two's complement.
local function wrapped(write, bits)
    local modulus = 2^bits
    return function(p, low, step, value)
        value = value < 0 and ceil(value) or floor(value)
        write(p, low, step, value % modulus)
    end
end

local function check_width(self, width)
    local span = check(self)
    if tonumber(span.size) ~= width then
        raise_invalid_argument(1)
    end
    return span.data
end

-- A setter's value that is not a number.
local function to_number(value, name)
    local number = type(value) == 'string' and tonumber(value)
    if not number then
        error("bad argument #1 to '" .. name .. "' (number expected, got " .. type(value) .. ')', 3)
    end
    return number
end

local function define(name, width, low, step, read, write)
    local get_name, set_name = 'get_' .. name, 'set_' .. name
    methods[get_name] = function(self)
        return read(check_width(self, width), low, step)
    end
    methods[set_name] = function(self, value)
        local p = check_width(self, width)
        if type(value) ~= 'number' then
            value = to_number(value, set_name)
        end
        write(p, low, step, value)
    end
end

local function define_both_orders(name, width, read, write)
    define(name .. 'le', width, 0, 1, read, write)
    define(name .. 'be', width, width - 1, -1, read, write)
end

define('i8', 1, 0, 1, signed(read8, 8), wrapped(write8, 8))
for bits, access in pairs {
    [16] = { read16, write16 }, [24] = { read24, write24 }, [32] = { read32, write32 },
    [40] = { read40, write40 }, [48] = { read48, write48 },
} do
    local read, write = access[1], wrapped(access[2], bits)
    define_both_orders('u' .. bits, bits / 8, read, write)
    define_both_orders('i' .. bits, bits / 8, signed(read, bits), write)
end
define_both_orders('f32', 4, read_f32, write_f32)
define_both_orders('f64', 8, read_f64, write_f64)
