-- What a Turtle document must be like to define an error category. The script writes documents beside itself
-- and imports them.
--@ script main.lua
local test = require 'test'
local ffi = require 'ffi'
ffi.cdef[[
typedef struct FILE FILE;
FILE* fopen(const char*, const char*);
size_t fwrite(const void*, size_t, size_t, FILE*);
int fclose(FILE*);
]]

local count = 0

local prologue = [[
@prefix cat: <https://schema.emilua.org/error_category/0/#>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
<about:emilua-module> a <https://schema.emilua.org/error_category/0/>]]

-- Imports a module of this text.
local function import(text)
    count = count + 1
    local name = 'case' .. count
    local f = assert(ffi.C.fopen(name .. '.ttl', 'wb'))
    ffi.C.fwrite(text, 1, #text, f)
    ffi.C.fclose(f)
    local m = require('./' .. name)
    return m
end

-- The same of a document with these errors, each the text between brackets.
local function category(...)
    local text = prologue
    for i = 1, select('#', ...) do text = text .. ';\n cat:error [ ' .. select(i, ...) .. ' ]' end
    return import(text .. '.\n')
end

local function refused(code, f, ...)
    local arguments = { ... }
    local e = test.raises_code(function() local m = f(unpack(arguments)); return m end, code, 'emilua.core')
    test.eq(e.module, nil)
end

test('01.57 what is not Turtle or has no triple raises bad_rdf', function()
    for _, text in ipairs {
        '', '\n', '# comment\n', '@prefix cat: <https://schema.emilua.org/error_category/0/#>.\n',
        'nonsense', '<about:emilua-module>', '<about:emilua-module> a', prologue, prologue .. ';',
        prologue .. '; cat:error [ cat:code 1 .', prologue .. '; cat:error [ cat:code 1; cat:message "x ].',
        prologue .. '; nope:error 1.', '\0', prologue .. '.\0', '\255\254', prologue .. '; cat:x "\255".',
        '<about:emilua-module> a <a b>.', '"x" a <y>.', prologue .. '. {}', 'return 1',
    } do
        refused(19, import, text)
    end
end)

test('01.57 nesting without end raises bad_rdf', function()
    refused(19, import, '<x> <y> ' .. ('[ <y> '):rep(200000))
    refused(19, import, '<x> <y> ' .. ('[ <y> '):rep(200000) .. '1' .. (']'):rep(200000) .. '.')
    refused(19, import, '<x> <y> ' .. ('('):rep(200000) .. '1' .. (')'):rep(200000) .. '.')
    refused(19, import, ('('):rep(200000) .. '1' .. (')'):rep(200000) .. ' <y> 1.')
    refused(19, import, ('['):rep(200000))
end)

test('01.57 the module has exactly one type, an IRI, or bad_rdf_module is raised', function()
    for _, text in ipairs {
        '<about:other> a <https://schema.emilua.org/error_category/0/>.',
        '<about:emilua-module> <https://schema.emilua.org/error_category/0/#error> [].',
        '<about:emilua-module> a "https://schema.emilua.org/error_category/0/".',
        '<about:emilua-module> a [].',
        prologue .. ', <http://example.org/>.',
        '<x> <y> <z>.',
    } do
        refused(20, import, text)
    end
end)

test('01.57 another type raises bad_rdf_error_category', function()
    refused(21, import, '<about:emilua-module> a <http://example.org/>.')
    refused(21, import, '<about:emilua-module> a <https://schema.emilua.org/error_category/1/>.')
    refused(21, import, '<about:emilua-module> a <https://schema.emilua.org/error_category/0/#>.')
end)

test('01.57 an error has one integer code', function()
    refused(21, category, 'cat:message "x"')
    refused(21, category, 'cat:code 1, 2; cat:message "x"')
    for _, code in ipairs {
        '"1"', '1.0', '1e0', 'true', '<x>', '[]', '"1"@en', '"x"^^xsd:integer', '""^^xsd:integer', '"1 "^^xsd:integer',
        '"+-1"^^xsd:integer', '"1"^^xsd:string', '2147483648', '-2147483649', '99999999999999999999',
    } do
        refused(21, category, 'cat:code ' .. code .. '; cat:message "x"')
    end
    refused(21, import, prologue .. '; cat:error "x".')
    refused(21, import, prologue .. '; cat:error <x>.')
    for code, value in pairs { ['+5'] = 5, ['-5'] = -5, ['007'] = 7, ['2147483647'] = 2147483647, ['-2147483648'] = -2147483648,
        ['"12"^^xsd:integer'] = 12 } do
        local c = category('cat:code ' .. code .. '; cat:alias "E"; cat:message "x"')
        test.eq(c.E.code, value)
    end
end)

test('01.57 aliases are plain strings, unique in the file', function()
    for _, alias in ipairs { '1', '"E"@en', '"E"^^xsd:string', '<E>', '[]', '"E", "E"' } do
        refused(21, category, 'cat:code 1; cat:message "x"; cat:alias ' .. alias)
    end
    refused(21, category, 'cat:code 1; cat:message "x"; cat:alias "E"', 'cat:code 2; cat:message "y"; cat:alias "E"')
    refused(21, category, 'cat:code 1; cat:message "x"; cat:alias "E"', 'cat:code 1; cat:message "x"; cat:alias "E"')
    local c = category('cat:code 1; cat:message "x"; cat:alias "A", "B", "not a name", "é"')
    for _, name in ipairs { 'A', 'B', 'not a name', 'é' } do test.eq(c[name].code, 1) end
end)

test('01.57 an error has one message without language and at most one for each language', function()
    for _, messages in ipairs {
        '', '; cat:message "x"@en', '; cat:message "x", "y"', '; cat:message "x", "a"@en, "b"@en', '; cat:message 1',
        '; cat:message "x"^^xsd:string', '; cat:message <x>', '; cat:message "x", <y>', '; cat:message "x", 1',
    } do
        refused(21, category, 'cat:code 1' .. messages)
    end
    test.eq(tostring(category('cat:code 1; cat:message "x", "a"@en, "b"@en-GB, "c"@pt')[1]), 'x')
    test.eq(tostring(category([[cat:code 1; cat:message """two
lines, \u00E9 and "quotes\""""]])[1]), 'two\nlines, é and "quotes"')
    test.eq(tostring(category('cat:code 1; cat:message ""')[1]), '')
end)

test('01.57 nodes may share a code if their messages agree', function()
    local c = category('cat:code 1; cat:message "x"; cat:alias "A"', 'cat:code 1; cat:message "x", "y"@fr; cat:alias "B"')
    test.ok(c.A == c.B)
    refused(21, category, 'cat:code 1; cat:message "x"', 'cat:code 1; cat:message "y"')
    refused(21, category, 'cat:code 1; cat:message "x", "a"@fr', 'cat:code 1; cat:message "x", "b"@fr')
end)

test('01.57 generic_error is at most one name of a generic error', function()
    for _, name in ipairs {
        '"ENOPE"', '"enospc"', '""', '"ENODATA"', '"28"', '28', '"ENOSPC"@en', '"ENOSPC"^^xsd:string', '<ENOSPC>',
        '"ENOSPC", "EPERM"',
    } do
        refused(21, category, 'cat:code 1; cat:message "x"; cat:generic_error ' .. name)
    end
    refused(21, category, 'cat:code 1; cat:message "x"; cat:generic_error "EPERM"',
        'cat:code 1; cat:message "x"; cat:generic_error "ENOENT"')
    test.eq(category('cat:code 1; cat:message "x"; cat:generic_error "EPROTOTYPE"')[1]:togeneric().code, 91)
end)

test('01.57 a category without errors loads', function()
    local c = import(prologue .. '.')
    test.eq(tostring(c[3]), 'Unknown')
    test.raises_code(function() return c.E end, 8, 'emilua.core', { index = 2 })
end)

test('01.57 errors may be named nodes, and prefixes and bases anything', function()
    local c = import [[
        @base <https://schema.emilua.org/>.
        @prefix : <error_category/0/#>.
        <about:emilua-module> a <error_category/0/>; :error <#e>, _:b.
        <#e> :code 4; :message "four"; :alias "FOUR".
        _:b :code 5; :message "five"; :alias "FIVE"; <http://example.org/unknown> "is ignored".
    ]]
    test.eq(tostring(c.FOUR), 'four')
    test.eq(tostring(c.FIVE), 'five')
end)

test('01.57 a refused document stays refused', function()
    local name = 'case' .. count + 1
    refused(21, category, 'cat:code "x"')
    refused(21, require, './' .. name)
end)
test.done()
