-- The test library: `local test = require 'test'`. See test/lua/README.md.
local ffi = require 'ffi'

-- A test may replace these, or declare the same C names with other types.
local print, pcall, error, tostring, type, getmetatable = print, pcall, error, tostring, type, getmetatable
local collectgarbage, concat = collectgarbage, table.concat

ffi.cdef[[
struct emilua_test_dirent { uint64_t ino; int64_t off; unsigned short reclen; unsigned char type; char name[256]; };
void* emilua_test_opendir(const char*) __asm__("opendir");
struct emilua_test_dirent* emilua_test_readdir(void*) __asm__("readdir");
int emilua_test_closedir(void*) __asm__("closedir");
int emilua_test_dirfd(void*) __asm__("dirfd");
long emilua_test_readlink(const char*, char*, size_t) __asm__("readlink");
char* emilua_test_getenv(const char*) __asm__("getenv");
int emilua_test_setvbuf(void*, char*, int, size_t) __asm__("setvbuf");
extern void* emilua_test_stdout __asm__("stdout");
]]
local C = ffi.C

-- Line by line, or the results of a program that is killed would be lost.
C.emilua_test_setvbuf(C.emilua_test_stdout, nil, 1, 0)

local function getenv(name)
    local value = C.emilua_test_getenv(name)
    return value ~= nil and ffi.string(value) or ''
end

local has_time, time = pcall(require, 'time')
local sanitizer = getenv 'EMILUA_TEST_SANITIZER'
local test = {
    allow_fds = false,
    sanitizer = sanitizer ~= '' and sanitizer or nil,
}
local count = 0
local only = {}
for name in getenv('EMILUA_TEST_ONLY'):gmatch('[^\n]+') do only[#only + 1] = name end

-- ---- Showing and comparing values

local function is_error(v) return getmetatable(v) == 'error_code' end

local function show(v, depth)
    if type(v) == 'string' then return ('%q'):format(v) end
    if type(v) ~= 'table' or (depth or 0) > 3 then return tostring(v) end
    local members = {}
    for key, value in pairs(v) do
        if key == 'category' then value = tostring(value) end
        members[#members + 1] = (type(key) == 'string' and key or '[' .. tostring(key) .. ']') .. '=' ..
            show(value, (depth or 0) + 1)
    end
    local text = ''
    if is_error(v) then
        local ok, message = pcall(tostring, v)
        text = ok and message or 'error'
    end
    return text .. '{' .. concat(members, ', ') .. '}'
end

local function plain(v) return type(v) == 'table' and getmetatable(v) == nil end

local function equal(a, b)
    if a == b or (a ~= a and b ~= b) then return true end
    if not (plain(a) and plain(b)) then return false end
    for key, value in pairs(a) do if not equal(value, b[key]) then return false end end
    for key in pairs(b) do if a[key] == nil then return false end end
    return true
end

local function fail(level, ...) error(concat({...}), level + 1) end

-- ---- Open descriptors

-- Number of open descriptors, and how many of each kind ("socket", "/dev/null", "anon_inode:[eventfd]", ...).
function test.fds()
    local dir = C.emilua_test_opendir('/proc/self/fd')
    if dir == nil then return nil, {} end
    local total, kinds, buffer = 0, {}, ffi.new('char[4096]')
    local own = tostring(C.emilua_test_dirfd(dir))
    while true do
        local entry = C.emilua_test_readdir(dir)
        if entry == nil then break end
        local name = ffi.string(entry.name)
        if name:match '^%d' and name ~= own then
            local n = tonumber(C.emilua_test_readlink('/proc/self/fd/' .. name, buffer, 4096))
            local kind = n > 0 and ffi.string(buffer, n):gsub('^(%a+):%[%d+%]$', '%1') or 'unknown'
            total = total + 1
            kinds[kind] = (kinds[kind] or 0) + 1
        end
    end
    C.emilua_test_closedir(dir)
    return total, kinds
end

-- The runtime may make one of each the first time a facility is used.
local lazy = { ['anon_inode:[io_uring]'] = 1, ['anon_inode:[eventfd]'] = 1, ['anon_inode:[eventpoll]'] = 1,
    ['anon_inode:[timerfd]'] = 1 }

local function grown_fds(before)
    local text
    for _ = 1, 50 do
        collectgarbage()
        collectgarbage()
        local _, after = test.fds()
        local grown = {}
        for kind, n in pairs(after) do
            local more = n - (before[kind] or 0)
            if more > (lazy[kind] or 0) then grown[#grown + 1] = '+' .. more .. ' ' .. kind end
        end
        if #grown == 0 then
            for kind, n in pairs(after) do
                if lazy[kind] then lazy[kind] = lazy[kind] - math.max(0, n - (before[kind] or 0)) end
            end
            return nil
        end
        text = concat(grown, ', ')
        if not has_time then break end
        time.sleep(0.02)    -- other threads may still be closing theirs
    end
    return text
end

-- ---- Cases

local SKIPPED = {}

-- `return test.skipped(REASON)` inside a case.
function test.skipped(reason) return SKIPPED, reason end

function test.skip(name, reason)
    count = count + 1
    print(('skip %s: %s'):format(name, reason or ''))
end

local function wanted(name)
    for _, part in ipairs(only) do if name:find(part, 1, true) then return true end end
    return #only == 0
end

local function case(_, name, f)
    if not wanted(name) then return end
    local _, before = test.fds()
    local ok, result, reason = pcall(f)
    if ok and result == SKIPPED then return test.skip(name, reason) end
    if ok then result = nil end
    if ok and not test.allow_fds then
        local grown = grown_fds(before)
        if grown then ok, result = false, 'leaked descriptors: ' .. grown end
    end
    count = count + 1
    if ok then return print('ok ' .. name) end
    local text = type(result) == 'string' and result or show(result)
    print('not ok ' .. name .. '\n    ' .. text:gsub('\n', '\n    '))
end

function test.done() print('done ' .. count) end

-- ---- Checks; each raises at the line of its caller

function test.ok(value, text)
    if not value then fail(2, text or ('expected a true value, got ' .. tostring(value))) end
    return value
end

-- Plain tables are compared by their members; everything else with ==.
function test.eq(got, expected, text)
    if not equal(got, expected) then
        fail(2, text and text .. ': ' or '', 'expected ', show(expected), ', got ', show(got))
    end
end

function test.ne(a, b, text)
    if equal(a, b) then fail(2, text and text .. ': ' or '', 'both are ', show(a)) end
end

function test.match(s, pattern)
    if type(s) ~= 'string' or not s:find(pattern) then fail(2, show(s), ' does not match ', show(pattern)) end
end

local function has_fields(e, fields)
    for key, expected in pairs(fields) do
        local got = e[key]
        if key == 'category' then got = tostring(got) end
        if not equal(got, expected) then return false end
    end
    return true
end

local function matches(e, matcher)
    if type(matcher) == 'function' then return matcher(e) end
    if type(matcher) == 'string' then return type(e) == 'string' and e:find(matcher) ~= nil end
    if plain(matcher) then return type(e) == 'table' and has_fields(e, matcher) end
    return e == matcher
end

local function raised(level, f, ...)
    local ok, e = pcall(f, ...)
    if ok then fail(level + 1, 'expected an error; it returned ', show(e)) end
    return e
end

-- f raises, and every matcher accepts the error: a pattern for a string, members for a table, an error value to be
-- equal to, or a predicate. Returns the error.
function test.error(f, ...)
    local e = raised(2, f)
    for i = 1, select('#', ...) do
        local matcher = select(i, ...)
        if not matches(e, matcher) then fail(2, 'expected the error ', show(matcher), ', got ', show(e)) end
    end
    return e
end

-- f raises an error table with this code and (name of the) category; `fields` are further members.
function test.raises_code(f, code, category, fields)
    local e = raised(2, f)
    if not is_error(e) or e.code ~= code or (category and tostring(e.category) ~= category) or
        not has_fields(e, fields or {}) then
        fail(2, 'expected error ', tostring(code), ' of ', tostring(category), fields and ' ' .. show(fields) or '',
            ', got ', show(e))
    end
    return e
end

function test.raises_string(f, pattern)
    local e = raised(2, f)
    if not matches(e, pattern or '') then fail(2, 'expected a string error ', show(pattern), ', got ', show(e)) end
    return e
end

-- f(...) raises anything.
function test.throws(f, ...)
    local e = raised(2, f, ...)
    return e
end

setfenv(0, setmetatable(test, { __call = case }))
