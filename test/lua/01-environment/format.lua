-- The global format() (01 §2.9, 04 §6).
local test = require 'test'
local generic_error = require 'generic_error'

local function formats(expected, ...) test.eq(format(...), expected) end

local function fails(...)
    local arguments, n = { ... }, select('#', ...)
    local e = test.raises_string(function() format(unpack(arguments, 1, n)) end, '.')
    test.ok(not e:find '^[^ ]*:%d+:', 'has a position: ' .. e)
end

local function invalid(arg, ...)
    local arguments, n = { ... }, select('#', ...)
    test.raises_code(function() format(unpack(arguments, 1, n)) end, 22, 'generic', { arg = arg })
end

test('01.34 a number is what its field asks for', function()
    formats('3', '{}', 3.0)
    formats('3', '{:d}', 3.0)
    formats('ff', '{:x}', 255)
    formats('0b11', '{:#b}', 3)
    formats('17', '{:o}', 15)
    formats('A', '{:c}', 65)
    formats('3.00', '{:.2f}', 3)
    formats('3.000000', '{:f}', 3)
    formats('5e+00', '{:.0e}', 5)
    formats('1E+10', '{:G}', 1e10)
    formats('0x1p+0', '{:a}', 1)
    formats(' +3.5', '{:>+5.1f}', 3.5)
    formats('3|3.0|3|  3', '{0}|{0:.1f}|{0:d}|{0:3}', 3)
    fails('{:d}', 1.5)
    fails('{:x}', 1.5)
    fails('{:d}', 1 / 0)
    fails('{:.2}', 3)
    fails('{:.2f}', true)
    fails('{:f}', '3')
end)

test('01.34 integers are those of 64 bits', function()
    formats('9007199254740992', '{}', 2 ^ 53)
    formats('-9223372036854775808', '{}', -2 ^ 63)
    formats('9.223372036854776e+18', '{}', 2 ^ 63)
    formats('1e+20', '{}', 1e20)
    formats('0', '{}', -0.0)
    formats('0.1', '{}', 0.1)
    formats('inf -inf', '{} {}', 1 / 0, -1 / 0)
    test.match(format('{}', 0 / 0), '^%-?nan$')
    fails('{:d}', 2 ^ 63)
end)

test('01.34 argument errors', function()
    invalid(1)
    invalid(1, nil, 1)
    invalid(1, 5)
    invalid(1, { 'a', 1 })
    invalid(2, '{}', nil)
    invalid(3, 'unused', 1, nil, 2)
    invalid(3, '{} {}', 1, { 'a' })
end)

test('04.75 positional, indexed and repeated arguments', function()
    formats('a-b', '{1}-{0}', 'b', 'a')
    formats('a b a', '{0} {1} {0}', 'a', 'b')
    formats('x', 'x', 1, 'surplus')
    formats('', '')
end)

test('04.75 named arguments', function()
    formats('   7|true', '{n:>4}|{ok}', { 'n', 7 }, { 'ok', true })
    formats('    ab|12    |0xff', '{:>6}|{:<6}|{n:#x}', 'ab', 12, { 'n', 255 })
    formats('1', '{}', { 'a', 1 })
    formats('1 2 2', '{} {a} {}', 1, { 'a', 2 }, 3)
    formats('first', '{a}', { 'a', 'first' }, { 'a', 'second' })
    formats('2.00', '{a:.2f}', { 'a', 2 })
end)

test('04.75 nested width and precision', function()
    formats('3.1', '{:.{}f}', 3.14, 1)
    formats('3.0', '{:.{}f}', 3, 1)
    formats('2.72', '{:.{p}f}', 2.71828, { 'p', 2 })
    formats('a    |  3|z', '{:{}}|{:{}}|{}', 'a', 5, 3, 3, 'z')
    formats('    3.00|true ', '{0:{1}.{2}f}|{3:{4}}', 3, 8, 2, true, 5)
    formats('    3.00', '{v:{w}.{p}f}', { 'v', 3 }, { 'w', 8 }, { 'p', 2 })
    for _, width in ipairs { 'x', -1, 1.5, true, 2 ^ 31 } do fails('{:{}}', 1, width) end
end)

test('04.75 escapes', function()
    formats('{}', '{{}}')
    formats('{7}', '{{{}}}', 7)
end)

test('04.75 booleans and strings', function()
    formats('true false', '{} {}', true, false)
    formats('1 0', '{:d} {:d}', true, false)
    formats('true |', '{:5}|', true)
    formats('"a\\n"', '{:?}', 'a\n')
    formats('hé', '{:.2}', 'héllo')
    formats('é    |', '{:5}|', 'é')
    formats('ééx', '{:é>3}', 'x')
    formats('f5ff', '{:f^4}', 5)
end)

test('04.75 embedded zeros are kept', function()
    formats('a\0b\0c', 'a\0{}', 'b\0c')
    formats('\0', '{a}', { 'a', '\0' })
end)

test('04.76 unsupported arguments, used or not', function()
    invalid(2, 'x', print)
    invalid(2, 'x', newproxy())
    invalid(2, 'x', coroutine.create(print))
    invalid(2, 'x', require('ffi').new('int64_t', 1))
    invalid(2, 'x', generic_error.EINVAL)
    invalid(2, '{}', setmetatable({}, { __tostring = function() return '' end }))
end)

test('04.76 malformed pairs', function()
    local pairs_ = { {}, { 'a' }, { 1, 2 }, { 'a', {} }, { 'a', print }, { 'a', 1, 2 }, { a = 1 }, { true, 1 },
        { 'a', { 'b', 1 } } }
    for _, pair in ipairs(pairs_) do
        invalid(2, '{}', pair)
        invalid(4, '{}', 1, { 'a', 1 }, pair)
    end
end)

test('04.76 bad format strings raise plain strings', function()
    for _, s in ipairs { '{', '}', '{0', '{:', '{:d', '{!}', '{:q}', '{a b}', '{-1}', '{:99999999999}', '{:{', '{:{}' } do
        fails(s, 1)
    end
    fails('{} {}', 1)
    fails('{x}', 1)
    fails('{2}', 1)
    fails('{0} {}', 1)
    fails('{} {0}', 1)
    fails('{:{0}}', 1, 2)
    fails('{0:{}}', 1, 2)
end)

test('04.76 it is no module, and string.format stays', function()
    test.raises_code(function() local m = require 'format' return m end, 2, 'emilua.core', { module = 'format' })
    test.eq(string.format('%.2f', 3), '3.00')
end)

test.done()
