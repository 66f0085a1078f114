-- Which file is taken, and files that cannot be read (01 §3.4, §3.6).

--@ script main.lua
--@ run mkdir -p without_init named.lua init_is_directory/init.lua
--@ run ln -s /proc/self/mem unreadable.lua
--@ run ln -s loop.lua loop.lua
--@ run ln -s nowhere dangling.lua
--@ run ln -s both.lua alias.lua
--@ run printf '\357\273\277#!/usr/bin/emilua\r\nvalue = "bom"\r\n' >bom.lua
--@ run printf 'value = "a\0b"' >nul.lua
--@ run printf '\1\2\3\0\377' >garbage.lua
--@ run $EMILUA compile.lua && exec $EMILUA main.lua
--@ file both.lua
--| value = 'both.lua'
--@ file both/init.lua
--| value = 'both/init.lua'
--@ file only_directory/init.lua
--| value = 'only_directory/init.lua'
--@ file below_file.lua
--@ file removed.lua
--| value = 'before'
--@ file compile.lua
--| local ffi = require 'ffi'
--| ffi.cdef 'int creat(const char *, unsigned); long write(int, const void *, size_t);'
--| local code = string.dump(loadstring 'value = "bytecode", ...')
--| ffi.C.write(ffi.C.creat('bytecode.lua', 420), code, #code)
--| ffi.C.write(ffi.C.creat('truncated.lua', 420), code, #code - 10)

local test = require 'test'

test('01.47 NAME.lua wins over NAME/init.lua', function()
    test.eq(require('./both').value, 'both.lua')
    test.eq(require('./only_directory').value, 'only_directory/init.lua')
end)

test('01.47 a directory without init.lua is no module', function()
    test.raises_code(function() require './without_init' end, 2, 'emilua.core', { module = './without_init' })
end)

test('01.47 a directory named like a module does not fall through', function()
    for _, id in ipairs { './named', './init_is_directory' } do
        for _ = 1, 2 do
            local e = test.raises_code(function() require(id) end, 21)
            test.eq(tostring(e), 'Is a directory')
        end
    end
end)

test('01.47 a file whose read fails raises its errno, every time', function()
    for _ = 1, 2 do
        local e = test.raises_code(function() require './unreadable' end, 5)
        test.eq(tostring(e), 'Input/output error')
    end
end)

test('01.47 links', function()
    test.raises_code(function() require './dangling' end, 2, 'emilua.core')
    test.eq(tostring(test.throws(function() require './loop' end)), 'Too many levels of symbolic links')
    -- A module is its path: a link to one is another one.
    local alias = require './alias'
    test.eq(alias.value, 'both.lua')
    test.ok(not rawequal(alias, require './both'))
end)

test('01.47 nothing lies below a file', function()
    test.raises_code(function() require '/below_file/x' end, 2, 'emilua.core', { module = '/below_file/x' })
end)

test('01.47 byte order mark, shebang, CRLF, NUL bytes, bytecode', function()
    test.eq(require('./bom').value, 'bom')
    test.eq(require('./nul').value, 'a\0b')
    test.eq(require('./bytecode').value, 'bytecode')
end)

test('01.47 garbage and truncated bytecode are string errors', function()
    test.raises_string(function() require './garbage' end, 'garbage%.lua:1: ')
    test.raises_string(function() require './truncated' end, 'truncated')
end)

test.done()
