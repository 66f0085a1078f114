local test = require 'test'

local EINVAL, EPERM, ERANGE, ENOMEM = 22, 1, 34, 12

local function einval(f, arg) return test.raises_code(f, EINVAL, 'generic', { arg = arg }) end
local function einval_without_arg(f) test.eq(test.raises_code(f, EINVAL, 'generic').arg, nil) end
local function erange(f) test.eq(test.raises_code(f, ERANGE, 'generic').arg, nil) end
local function bad_index(f) test.raises_code(f, 8, 'emilua.core', { index = 2 }) end

local function new(...) return byte_span.new(...) end
local function span(text) return byte_span.append(text) end

local function is(bs, length, capacity)
    test.eq(getmetatable(bs), 'byte_span')
    test.eq(#bs, length)
    test.eq(bs.capacity, capacity)
end

test('04.1 byte_span is a global with new and append, and can be required', function()
    local names = {}
    for name, f in pairs(byte_span) do
        test.eq(type(f), 'function')
        names[#names + 1] = name
    end
    table.sort(names)
    test.eq(names, { 'append', 'new' })
    test.ok(require 'byte_span' == byte_span)
    test.eq(getmetatable(new(1)), 'byte_span')
    test.eq(type(new(1)), 'userdata')
    test.eq(debug, nil)
end)

test('04.2 new checks its arguments', function()
    for _, arguments in ipairs {
        {}, { '1' }, { -1, 1 }, { 0, -1 }, { 2, 1 }, { 1, 'x' }, { 0 / 0 }, { 1, 0 / 0 }, { 1 / 0 }, { 2^63 },
        { 0, 2^63 }, { true }, { {} },
    } do
        einval_without_arg(function() new(unpack(arguments)) end)
    end
    test.eq(#new(1.9), 1)
    test.eq(#new(-0.5), 0)
    test.eq(new(1, 2.9).capacity, 2)
    test.eq(tostring(new(3)), '\0\0\0')
end)

test('04.3 empty spans', function()
    is(new(0), 0, 0)
    is(new(0, 1), 0, 1)
    test.eq(tostring(new(0)), '')
end)

test('04.3 an impossible size raises and the VM goes on', function()
    if test.sanitizer then return test.skipped('its allocator ends the process') end
    test.raises_code(function() new(2^62) end, ENOMEM, 'generic')
    test.raises_code(function() new(0, 2^62) end, ENOMEM, 'generic')
    is(new(1), 1, 1)
end)

test('04.4 slices share memory', function()
    local bs = new(1, 5)
    is(bs:slice(), 1, 5)
    is(bs:slice(nil, nil), 1, 5)
    is(bs:slice(2), 0, 4)
    is(bs:slice(2):slice(1, 4), 4, 4)
    is(bs:slice(1, 5), 5, 5)
    is(bs:slice(1.9, 2.9), 2, 5)
    test.ok(not rawequal(bs:slice(), bs))
    local all = bs:slice(1, 5)
    bs:slice(2):slice(1, 4)[1] = 7
    test.eq(all[2], 7)
    all[1] = 9
    test.eq(bs[1], 9)
end)

test('04.5 slice checks its arguments', function()
    erange(function() new(1, 2):slice(0) end)
    erange(function() new(1, 2):slice(-1) end)
    erange(function() new(1, 3):slice(3) end)
    erange(function() new(1, 3):slice(3, 1) end)
    erange(function() new(1, 3):slice(1, 4) end)
    erange(function() new(1, 3):slice(2):slice(1, 3) end)
    erange(function() new(1, 3):slice(0 / 0) end)
    erange(function() new(1, 3):slice(1, 0 / 0) end)
    erange(function() new(1, 3):slice(1 / 0, 1 / 0) end)
    erange(function() new(1, 3):slice(1, -1 / 0) end)
    is(new(1, 3):slice(3, 2), 0, 1)
    einval(function() new(1):slice('1') end, 2)
    einval(function() new(1):slice(1, {}) end, 3)
end)

test('04.6 a slice behind the last byte is empty', function()
    is(new(1, 2):slice(1, 2):slice(3), 0, 0)
end)

test('04.7 copy is bounded by the length and handles overlap', function()
    local bs = new(2, 5)
    test.eq(bs:copy('hello'), 2)
    test.eq(tostring(bs:slice(1, 5)), 'he\0\0\0')
    test.eq(bs:copy(''), 0)
    test.eq(new(0, 5):copy('hello'), 0)
    test.eq(new(5):copy(span('abc')), 3)
    local forward = span('hello')
    test.eq(forward:slice(2):copy(forward), 4)
    test.eq(tostring(forward), 'hhell')
    local backward = span('hello')
    test.eq(backward:copy(backward:slice(2)), 4)
    test.eq(tostring(backward), 'elloo')
    for _, source in ipairs { 1, true, {}, newproxy(true) } do
        einval(function() bs:copy(source) end, 2)
    end
    einval(function() bs:copy() end, 2)
end)

test('04.8 append stays in the capacity or takes new memory', function()
    local bs = new(2, 8)
    bs:copy('ab')
    local appended = bs:append('cd', nil, span('ef'))
    is(appended, 6, 8)
    test.eq(tostring(appended), 'abcdef')
    is(bs, 2, 8)
    appended[1] = 65
    test.eq(tostring(bs), 'Ab')
    test.eq(tostring(bs:append('XY')), 'AbXY')
    test.eq(tostring(appended), 'AbXYef')

    local grown = appended:append('ghi')
    test.eq(tostring(grown), 'AbXYefghi')
    test.ok(grown.capacity >= 9)
    grown[1] = 90
    test.eq(tostring(appended), 'AbXYef')
    test.eq(tostring(appended:slice(1, 8)), 'AbXYef\0\0')

    test.ok(rawequal(bs:append(), bs))
    test.ok(not rawequal(bs:append(nil), bs))
end)

test('04.8 pieces that alias the area being written see what was written before', function()
    local bs = new(1, 8)
    bs:copy('a')
    test.eq(tostring(bs:append('bc', bs:slice(1, 3))), 'abcabc')
    test.eq(tostring(bs:append(bs, bs)), 'aaa')
end)

test('04.9 append of nothing; byte_span.append copies', function()
    is(new(0):append(nil, ''), 0, 0)
    is(new(0, 5):append(nil), 0, 0)
    is(byte_span.append(), 0, 0)
    is(byte_span.append(nil, '', nil), 0, 0)
    local bs = span('abc')
    local copy = byte_span.append(nil, bs)
    bs[1] = 90
    test.eq(tostring(copy), 'abc')
    test.eq(tostring(byte_span.append('a', bs, nil, 'd')), 'aZbcd')
end)

test('04.10 append checks all arguments before it writes', function()
    local bs = new(0, 4)
    einval(function() bs:append('a', 1) end, 3)
    einval(function() bs:append(true) end, 2)
    einval(function() byte_span.append(1) end, 1)
    einval(function() byte_span.append('a', nil, {}) end, 3)
    test.eq(tostring(bs:slice(1, 4)), '\0\0\0\0')
end)

test('04.11 reading outside and unknown keys', function()
    local bs = new(2, 5)
    for _, i in ipairs { 0, 3, -1, 0.9, 1 / 0, -1 / 0, 0 / 0, 2^31, 2^32 + 1, 2^53, -2^31 } do
        erange(function() return bs[i] end)
    end
    test.eq(bs[2.9], 0)
    bad_index(function() return bs.foo end)
    bad_index(function() return bs['1'] end)
    bad_index(function() return bs[true] end)
    bad_index(function() return bs[{}] end)
    bad_index(function() return bs[bs] end)
end)

test('04.12 writing', function()
    local bs = new(2, 5)
    local function write(key, value) return function() bs[key] = value end end
    test.raises_code(write('foo', 1), EPERM, 'generic')
    test.raises_code(write('capacity', 1), EPERM, 'generic')
    test.raises_code(write('1', 1), EPERM, 'generic')
    einval(write(1, '104'), 3)
    einval(write(1, nil), 3)
    einval(write(99, nil), 3)
    for _, value in ipairs { 256, -1, 1 / 0, -1 / 0, 0 / 0, 2^32, -256 } do erange(write(1, value)) end
    for _, key in ipairs { 99, 0, 3, -1, 0.9, 0 / 0, 1 / 0, 2^32 + 1 } do erange(write(key, 1)) end
    test.eq(tostring(bs:slice(1, 5)), '\0\0\0\0\0')
    bs[1] = 65.9
    bs[2.5] = 255.9
    test.eq(bs[1], 65)
    test.eq(bs[2], 255)
    bs[2] = -0.5
    test.eq(bs[2], 0)
end)

test('04.13 equality compares content only', function()
    test.ok(span('abc') == span('abc'))
    test.ok(span('abc') ~= span('abd'))
    test.ok(span('abc') ~= span('ab'))
    test.ok(new(0) == new(0, 9))
    test.ok(span('ab') == span('abc'):slice(1, 2))
    test.ok(span('str') ~= 'str')
    test.ok(span('str') ~= newproxy(true))
    test.eq(({ [span('a')] = 1 })[span('a')], nil)
end)

test('04.14 tostring keeps NUL; there is no concatenation, order, call or iteration', function()
    local bs = span('a\0b')
    test.eq(tostring(bs), 'a\0b')
    test.throws(function() return bs .. 'x' end)
    test.throws(function() return bs < bs end)
    test.throws(function() return bs <= bs end)
    test.throws(function() return bs() end)
    test.throws(pairs, bs)
    test.throws(ipairs, bs)
end)

local searches = { 'find', 'rfind', 'find_first_of', 'find_last_of', 'find_first_not_of', 'find_last_not_of' }

test('04.15 empty needles and sets', function()
    local bs, empty = span('abcabc'), new(0, 4)
    test.eq(bs:find(''), 1)
    test.eq(bs:find(), 1)
    test.eq(bs:find(nil, 3), 3)
    test.eq(bs:rfind(''), 6)
    test.eq(bs:rfind('', 2), 2)
    test.eq(bs:find_first_of(''), nil)
    test.eq(bs:find_last_of(''), nil)
    test.eq(bs:find_first_not_of(''), 1)
    test.eq(bs:find_first_not_of('', 4), 4)
    test.eq(bs:find_last_not_of(''), 6)
    test.eq(bs:find_last_not_of('', 4), 4)
    for _, name in ipairs(searches) do
        test.eq(empty[name](empty, ''), nil)
        test.eq(empty[name](empty, 'a'), nil)
        test.eq(empty[name](empty), nil)
    end
    for _, text in ipairs { '', 'abcabc' } do
        test.eq(span(text):starts_with(''), true)
        test.eq(span(text):ends_with(new(0)), true)
    end
end)

test('04.16 limits of positions', function()
    local bs = span('abcabc')
    for _, name in ipairs { 'find', 'find_first_of', 'find_first_not_of' } do
        local f = bs[name]
        test.eq(f(bs, 'x', 7), nil)
        erange(function() f(bs, 'x', 8) end)
        erange(function() f(bs, 'x', 0) end)
        erange(function() f(bs, 'x', 0.9) end)
        erange(function() f(bs, 'x', 0 / 0) end)
    end
    for _, name in ipairs { 'rfind', 'find_last_of', 'find_last_not_of' } do
        local f = bs[name]
        test.eq(f(bs, 'x', 0), nil)
        test.eq(f(bs, 'x', -0.5), nil)
        erange(function() f(bs, 'x', 7) end)
        erange(function() f(bs, 'x', -1) end)
        erange(function() f(bs, 'x', 0 / 0) end)
    end
    erange(function() new(0):find('', 2) end)
    erange(function() new(0):rfind('', 1) end)
end)

test('04.17 searches', function()
    local bs = span('abcabc')
    test.eq(bs:find('bc'), 2)
    test.eq(bs:find('bc', 2), 2)
    test.eq(bs:find('bc', 3), 5)
    test.eq(bs:find(span('bc'), 6), nil)
    test.eq(bs:find('abcabcd'), nil)
    test.eq(bs:rfind('bc'), 5)
    test.eq(bs:rfind('bc', 5), 5)
    test.eq(bs:rfind('bc', 4), 2)
    test.eq(bs:rfind('bc', 1), nil)
    test.eq(bs:find_first_of('cb'), 2)
    test.eq(bs:find_first_of('cb', 4), 5)
    test.eq(bs:find_first_of('xyz'), nil)
    test.eq(bs:find_last_of('ab'), 5)
    test.eq(bs:find_last_of('ab', 4), 4)
    test.eq(bs:find_last_of('c', 2), nil)
    test.eq(bs:find_first_not_of('ab'), 3)
    test.eq(bs:find_first_not_of('ab', 4), 6)
    test.eq(bs:find_first_not_of('abc'), nil)
    test.eq(bs:find_last_not_of('c'), 5)
    test.eq(bs:find_last_not_of('bc', 3), 1)
    test.eq(bs:find_last_not_of('abc'), nil)
    local binary = span('\0\255\0\254')
    test.eq(binary:find('\0\254'), 3)
    test.eq(binary:find_first_of('\254\255'), 2)
    test.eq(binary:find_last_not_of('\254'), 3)
    test.eq(bs:starts_with('abc'), true)
    test.eq(bs:starts_with('bc'), false)
    test.eq(bs:starts_with('abcabca'), false)
    test.eq(bs:ends_with(span('bc')), true)
    test.eq(bs:ends_with('ab'), false)
    -- Only the window counts, not the memory around it.
    test.eq(bs:slice(1, 2):find('bc'), nil)
    test.eq(bs:slice(3):find('b'), 3)
end)

test('04.17 find is linear', function()
    local text = span(('a'):rep(1000000))
    test.eq(text:find(('a'):rep(100000) .. 'b'), nil)
end)

test('04.18 searches check their arguments', function()
    local bs = span('abc')
    for _, name in ipairs(searches) do
        local f = bs[name]
        einval(function() f(bs, 1) end, 2)
        einval(function() f(bs, true) end, 2)
        einval(function() f(bs, 'a', '1') end, 3)
        einval(function() f('abc', 'a') end, 1)
    end
    einval(function() bs:starts_with() end, 2)
    einval(function() bs:ends_with(nil) end, 2)
    einval(function() bs:starts_with(1) end, 2)
    einval(function() bs:trimmed(1) end, 2)
end)

test('04.19 trimmed', function()
    local bs = span(' \f\n\r\t\va b \n'):slice(1, 10)
    local trimmed = bs:trimmed()
    is(trimmed, 3, bs.capacity - 6)
    test.eq(tostring(trimmed), 'a b')
    trimmed[1] = 65
    test.eq(bs[7], 65)
    is(span('  '):trimmed(), 0, 0)
    is(new(0, 4):trimmed(), 0, 0)
    is(new(0, 4):trimmed(''), 0, 0)
    test.eq(tostring(span('xyax'):trimmed('xy')), 'a')
    test.eq(tostring(span('xyax'):trimmed(span('x'))), 'ya')
    test.eq(tostring(span(' a '):trimmed('')), ' a ')
    local whole = span('a')
    test.ok(not rawequal(whole:trimmed(), whole))
end)

local names = { 'i8' }
for _, kind in ipairs { 'u16', 'i16', 'u24', 'i24', 'u32', 'i32', 'u40', 'i40', 'u48', 'i48', 'f32', 'f64' } do
    names[#names + 1] = kind .. 'be'
    names[#names + 1] = kind .. 'le'
end
local function width(name) return tonumber(name:match '%d+') / 8 end

test('04.20 every integer type round-trips its limits', function()
    test.eq(#names, 25)
    for _, name in ipairs(names) do
        local bits = width(name) * 8
        local values = { 0, 1, 2^(bits - 1) - 1 }
        if name:sub(1, 1) == 'u' then
            values[4], values[5] = 2^bits - 1, 2^(bits - 1)
        elseif name:sub(1, 1) == 'i' then
            values[4], values[5] = -2^(bits - 1), -1
        else
            values = { 0, -1, 0.5, 1 / 0, -1 / 0, 2^-126, -3.25e30 }
            if bits == 32 then values[7] = 16777215 end
        end
        -- With bytes around it, at an odd address.
        local memory = new(width(name) + 2)
        local bs = memory:slice(2, width(name) + 1)
        for _, value in ipairs(values) do
            memory[1], memory[#memory] = 85, 170
            test.eq(select('#', bs['set_' .. name](bs, value)), 0)
            test.eq(bs['get_' .. name](bs), value, name)
            test.eq(memory[1], 85)
            test.eq(memory[#memory], 170)
        end
    end
    test.eq(1 / (function() local bs = new(8) bs:set_f64be(-0.0) return bs:get_f64be() end)(), -1 / 0)
end)

test('04.20 byte order', function()
    local function stored(size, name, value)
        local bs = new(size)
        bs['set_' .. name](bs, value)
        return tostring(bs)
    end
    for kind, case in pairs {
        u16 = { 2, 0x0102 }, u24 = { 3, 0x010203 }, u32 = { 4, 0x01020304 }, u40 = { 5, 0x0102030405 },
        u48 = { 6, 0x010203040506 },
    } do
        local size, value = case[1], case[2]
        local big = ('\1\2\3\4\5\6'):sub(1, size)
        for _, name in ipairs { kind, (kind:gsub('u', 'i')) } do
            test.eq(stored(size, name .. 'be', value), big)
            test.eq(stored(size, name .. 'le', value), big:reverse())
            local get = 'get_' .. name
            local bs = span(big)
            test.eq(bs[get .. 'be'](bs), value)
            bs = span(big:reverse())
            test.eq(bs[get .. 'le'](bs), value)
        end
    end
    test.eq(stored(6, 'i48be', -2), '\255\255\255\255\255\254')
    test.eq(stored(5, 'i40le', -2), '\254\255\255\255\255')
    test.eq(stored(4, 'f32be', -1.5), '\191\192\0\0')
    test.eq(stored(4, 'f32le', -1.5), '\0\0\192\191')
    test.eq(stored(8, 'f64be', math.pi), '\64\9\33\251\84\68\45\24')
    test.eq(stored(8, 'f64le', math.pi), '\24\45\68\84\251\33\9\64')
    test.eq(span('\64\9\33\251\84\68\45\24'):get_f64be(), math.pi)
end)

test('04.20 there are no other types', function()
    local bs = new(8)
    for _, name in ipairs { 'u8', 'u8le', 'i8le', 'i8be', 'u64le', 'i64be', 'u64', 'f16le', 'u16', 'f64' } do
        bad_index(function() return bs['get_' .. name] end)
        bad_index(function() return bs['set_' .. name] end)
    end
end)

test('04.21 the length must be the width', function()
    for _, name in ipairs(names) do
        for _, length in ipairs { width(name) - 1, width(name) + 1 } do
            local bs = new(length, 16)
            einval(function() bs['get_' .. name](bs) end, 1)
            einval(function() bs['set_' .. name](bs, 1) end, 1)
            -- self is checked before the value
            einval(function() bs['set_' .. name](bs, nil) end, 1)
        end
    end
end)

test('04.22 setters wrap and convert', function()
    local bs = new(2)
    bs:set_u16be(65536)
    test.eq(tostring(bs), '\0\0')
    bs:set_u16be(-1)
    test.eq(tostring(bs), '\255\255')
    bs:set_u16be(258.9)
    test.eq(tostring(bs), '\1\2')
    bs:set_u16be(-258.9)
    test.eq(bs:get_i16be(), -258)
    bs:set_u16be('0x0203')
    test.eq(tostring(bs), '\2\3')
    bs:set_u16le(2^62 + 2^61 + 1024)
    test.eq(bs:get_u16le(), 1024)
    bs:set_u16be(0x0203)
    test.raises_string(function() bs:set_u16be(nil) end,
        "byte_span.lua:%d+: bad argument #1 to 'set_u16be' %(number expected, got nil%)")
    for _, value in ipairs { true, {}, 'x', bs } do
        test.raises_string(function() bs:set_u16be(value) end, 'number expected')
    end
    test.eq(tostring(bs), '\2\3')
    local i8 = new(1)
    i8:set_i8(200)
    test.eq(i8:get_i8(), -56)
    for _, name in ipairs(names) do
        local any = new(width(name))
        for _, value in ipairs { 0 / 0, 1 / 0, -1 / 0, 2^64, -2^64, 1e300 } do
            any['set_' .. name](any, value)
            test.eq(type(any['get_' .. name](any)), 'number')
        end
    end
end)

test('04.23 NaN payloads and overflow', function()
    local function is_nan(value)
        test.eq(type(value), 'number')
        test.ok(value ~= value)
        local kept = { value }
        collectgarbage()
        test.eq(type(kept[1]), 'number')
        local canonical = new(8)
        canonical:set_f64be(kept[1])
        test.ok(canonical == span('\255\248\0\0\0\0\0\0') or canonical == span('\127\248\0\0\0\0\0\0'))
    end
    for _, bytes in ipairs {
        '\255\255\255\255\255\255\255\255', '\127\255\255\255\255\255\255\255', '\127\240\0\0\0\0\0\1',
        '\255\240\0\0\0\0\0\1', '\255\248\0\0\0\0\0\0', '\255\250\0\0\65\66\67\68', '\127\241\0\0\0\0\0\0',
    } do
        is_nan(span(bytes):get_f64be())
        is_nan(span(bytes:reverse()):get_f64le())
    end
    for _, bytes in ipairs { '\255\255\255\255', '\127\192\0\0', '\127\128\0\1', '\255\128\0\1' } do
        is_nan(span(bytes):get_f32be())
        is_nan(span(bytes:reverse()):get_f32le())
    end
    local f32 = new(4)
    f32:set_f32be(1e300)
    test.eq(f32:get_f32be(), 1 / 0)
    f32:set_f32be(-1e300)
    test.eq(f32:get_f32be(), -1 / 0)
    f32:set_f32le(0.1)
    test.eq(f32:get_f32le(), 0.100000001490116119384765625)
end)

test('04.23 compiled accessors give the same', function()
    local memory = new(16)
    local low, high = memory:slice(1, 8), memory:slice(9)
    local f32 = memory:slice(1, 4)
    for i = 1, 1000 do
        low:set_f64be(i + 0.5)
        high:set_f64le(-i)
        test.eq(low:get_f64be(), i + 0.5)
        test.eq(high:get_f64le(), -i)
        f32:set_f32be(i)
        local before = f32:get_f32be()
        memory[1] = 0xc5 -- through another object
        memory[2], memory[3] = i % 2, 0
        local after = f32:get_f32be()
        test.eq(before, i)
        test.ok(after <= -2048 and after > -2080)
        memory:slice(1, 6):set_i48be(-i)
        test.eq(memory[6], -i % 256)
        test.eq(memory:slice(1, 6):get_u48be(), 2^48 - i)
    end
end)

test('04.1 methods refuse everything but a byte_span', function()
    local bs = new(2)
    local ffi = require 'ffi'
    local fakes = {
        1, 'ab', true, {}, setmetatable({}, { __index = bs, __metatable = 'byte_span' }), newproxy(), newproxy(true),
        ffi.new('struct { uint8_t *data; ptrdiff_t size, capacity; }'), ffi.new('uint8_t[2]'), print, test,
        coroutine.create(print),
    }
    fakes[#fakes + 1] = getmetatable(test) -- a plain table
    for _, name in ipairs {
        'slice', 'copy', 'append', 'starts_with', 'ends_with', 'find', 'rfind', 'find_first_of', 'find_last_of',
        'find_first_not_of', 'find_last_not_of', 'trimmed', 'get_u16be', 'set_u16be', 'get_f64le', 'get_i8',
    } do
        local f = bs[name]
        for _, fake in ipairs(fakes) do
            einval(function() f(fake, 'x') end, 1)
        end
        einval(function() f(nil, 'x') end, 1)
        einval(function() f() end, 1)
    end
    test.throws(newproxy, bs)
    test.throws(setmetatable, {}, getmetatable(bs))
    -- A span may serve as the __index and __newindex of a table.
    local proxy = setmetatable({}, { __index = bs, __newindex = bs })
    proxy[2] = 5
    test.eq(proxy[2], 5)
    einval(function() return proxy:slice() end, 1)
end)

test('04.24 a slice keeps the memory', function()
    local slices = {}
    for i = 1, 100 do
        local bs = new(1000)
        bs[500] = i
        slices[i] = bs:slice(500, 500)
    end
    collectgarbage()
    collectgarbage()
    for _ = 1, 100 do new(1000):copy(('x'):rep(1000)) end
    for i = 1, 100 do test.eq(slices[i][1], i) end
end)

test('04.3 dropped spans are collected by the memory they hold', function()
    local ffi = require 'ffi'
    ffi.cdef [[
        struct byte_span_test_mallinfo {
            size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
        };
        struct byte_span_test_mallinfo mallinfo2(void);
    ]]
    if test.sanitizer then return test.skipped('malloc is not the C library\'s') end
    local ballast = {}
    for i = 1, 100000 do ballast[i] = {} end
    local most = 0
    for i = 1, 4000 do
        new(64 * 1024)
        if i % 100 == 0 then
            local info = ffi.C.mallinfo2()
            most = math.max(most, tonumber(info.uordblks + info.hblkhd))
        end
    end
    test.ok(most < 128 * 1024 * 1024, 'used ' .. most)
end)

test('04.3 a stopped collector stays stopped', function()
    collectgarbage 'stop'
    local collected = false
    do
        local proxy = newproxy(true)
        getmetatable(proxy).__gc = function() collected = true end
    end
    for _ = 1, 200 do new(1024 * 1024) end
    test.eq(collected, false)
    collectgarbage 'restart'
end)

test('04.1 the example of the chapter', function()
    local buf = byte_span.new(4, 16)
    buf:copy('ping')
    local grown = buf:append(' pong')
    test.eq(tostring(grown), 'ping pong')
    is(grown, 9, 16)
    grown[1] = string.byte('P')
    test.eq(tostring(buf), 'Ping')
    test.eq(grown:find('ong'), 7)
    test.eq(grown:rfind('ng', 6), 3)
    local header = byte_span.new(6)
    header:slice(1, 2):set_u16be(0xCAFE)
    header:slice(3, 6):set_i32le(-2)
    test.eq({ header[1], header[2], header:slice(3, 6):get_i32le() }, { 202, 254, -2 })
end)

test.done()
