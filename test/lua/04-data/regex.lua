local test = require 'test'
local regex = require 'regex'
local flag = regex.match_flag

local function new(pattern, grammar, options)
    options = options or {}
    options.pattern, options.grammar = pattern, grammar or 'ecma'
    return regex.new(options)
end

local function texts(pieces)
    for i, piece in ipairs(pieces) do pieces[i] = tostring(piece) end
    return pieces
end

-- start and end_ of the whole match
local function range(re, subject, flags)
    local found = regex.search(re, subject, flags)
    if found.empty then return nil end
    return { found[0].start, found[0].end_ }
end

local function finds(pattern, grammar, subject, flags)
    return range(new(pattern, grammar), subject, flags)
end

test('04.48 options are checked', function()
    test.raises_code(function() regex.new() end, 22, 'generic', { arg = 1 })
    test.raises_code(function() regex.new 'a' end, 22, 'generic', { arg = 1 })
    test.raises_code(function() regex.new {} end, 22, 'generic', { arg = 'pattern' })
    test.raises_code(function() regex.new { grammar = 'ecma' } end, 22, 'generic', { arg = 'pattern' })
    test.raises_code(function() regex.new { pattern = 1, grammar = 'ecma' } end, 22, 'generic', { arg = 'pattern' })
    test.raises_code(function() regex.new { pattern = 'a' } end, 22, 'generic', { arg = 'grammar' })
    for _, grammar in ipairs { 'perl', '', 1, true } do
        test.raises_code(function() new('a', grammar) end, 22, 'generic', { arg = 'grammar' })
    end
    for _, name in ipairs { 'ignore_case', 'nosubs', 'optimize' } do
        for _, value in ipairs { 1, 'true', {} } do
            test.raises_code(function() new('a', 'ecma', { [name] = value }) end, 22, 'generic', { arg = name })
        end
        new('a', 'ecma', { [name] = true })
    end
    new('a', 'ecma', { optimized = 1, unknown = {} })
end)

local messages = {
    'the expression contains an invalid character class name',
    'the expression contains an invalid escaped character or a trailing escape',
    'the expression contains an invalid back reference',
    "the expression contains mismatched square brackets ('[' and ']')",
    "the expression contains mismatched parentheses ('(' and ')')",
    "the expression contains mismatched curly braces ('{' and '}')",
    'the expression contains an invalid range in a {} expression',
    'the expression contains an invalid character range (e.g. [b-a])',
    'there was not enough memory to convert the expression into a finite state machine',
    'one of *?+{ was not preceded by a valid regular expression',
    'the complexity of an attempted match exceeded a predefined level',
    'there was not enough memory to perform a match',
    'the expression contains an invalid collating element name',
}

local function malformed(pattern, grammar, code)
    local e = test.raises_code(function() new(pattern, grammar) end, code, 'regex')
    test.eq(tostring(e), messages[code])
end

test('04.49 malformed patterns', function()
    for pattern, code in pairs {
        ['('] = 5, [')'] = 5, ['a)'] = 5, ['(a'] = 5, ['(?:a'] = 5, ['(?=a'] = 5, ['(()'] = 5,
        ['['] = 4, ['[a'] = 4, ['[^'] = 4, ['[a-'] = 4, ['[[:alpha:'] = 4, ['[[:alpha:]'] = 4,
        ['[b-a]'] = 8, ['[\\d-z]'] = 8, ['[a-\\d]'] = 8,
        ['a{1'] = 6, ['a{1,'] = 6, ['a{1,2'] = 6,
        ['a{'] = 7, ['a{2,1}'] = 7, ['a{x}'] = 7, ['a{,2}'] = 7, ['a{1x}'] = 7, ['a{}'] = 7,
        ['\\'] = 2, ['a\\'] = 2, ['[\\'] = 2, ['\\x4'] = 2, ['\\xzz'] = 2, ['\\u123'] = 2, ['\\u1234'] = 2,
        ['\\c1'] = 2, ['\\c'] = 2,
        ['(a)\\2'] = 3, ['\\1'] = 3, ['\\1(a)'] = 3, ['(?:a)\\1'] = 3,
        ['[[:foo:]]'] = 1, ['[[::]]'] = 1,
        ['[[.foo.]]'] = 13, ['[[=foo=]]'] = 13,
        ['a{99999999}'] = 9, ['a{99999999,}'] = 9,
    } do
        malformed(pattern, 'ecma', code)
    end
    for _, grammar in ipairs { 'basic', 'extended' } do
        malformed('[', grammar, 4)
        malformed('[]', grammar, 4)
        malformed('[b-a]', grammar, 8)
        malformed('[[:foo:]]', grammar, 1)
        malformed('[[.foo.]]', grammar, 13)
        for _, pattern in ipairs { '\\', '\\d', '\\b', '\\q', '\\w', '\\n' } do malformed(pattern, grammar, 2) end
    end
    malformed('\\(a', 'basic', 5)
    malformed('a\\)', 'basic', 5)
    malformed('a\\{1', 'basic', 6)
    malformed('a\\{2,1\\}', 'basic', 7)
    malformed('\\(a\\)\\2', 'basic', 3)
    malformed('(a', 'extended', 5)
    malformed('(a)\\1', 'extended', 2)
end)

test('04.49 repetition of nothing, and what no grammar has', function()
    for _, grammar in ipairs { 'ecma', 'extended' } do
        for _, pattern in ipairs { '*', '+', '?', '{', '{1}', '^*', 'a|*', '(*a)', '(?', '(?<=a)', '(?<n>a)', '(?i)',
            '(?P<n>a)', '(?>a)', '(?#a)', '(?R)', '(*FAIL)' } do
            local e = test.raises_code(function() new(pattern, grammar) end, 10, 'regex')
            test.eq(tostring(e), messages[10])
        end
    end
    malformed('*', 'basic', 10)
    malformed('\\(*a\\)', 'basic', 10)
    for _, pattern in ipairs { '\\b*', '(?=a)*', '$+' } do malformed(pattern, 'ecma', 10) end
    for _, pattern in ipairs { 'a**', 'a++', 'a+*', 'a{2}{3}', 'a*?*', '(a)*+' } do
        test.ok(regex.match(new(pattern), 'aaaaaa') ~= nil, pattern)
    end
    test.eq(regex.match(new('a++a'), 'aaa'), 'aaa')         -- not possessive
    test.eq(regex.match(new('a*?', 'extended'), 'aa'), 'aa')  -- not lazy
    test.eq(regex.match(new('a{2}{3}'), 'aaaaa'), nil)
end)

test('04.50 properties', function()
    local re = new('(a)(b)?', 'extended', { ignore_case = true, optimize = true })
    test.eq(getmetatable(re), 'regex')
    test.eq(type(re), 'userdata')
    local function properties() return { re.mark_count, re.grammar, re.ignore_case, re.nosubs, re.optimized } end
    test.eq(properties(), { 2, 'extended', true, false, true })
    re = new('\\(a\\)', 'basic', { nosubs = true })
    test.eq(properties(), { 0, 'basic', false, true, false })
    test.eq(new('(?:a)(?=b)').mark_count, 0)
    for _, key in ipairs { 'optimize', 'match', 'pattern', 1 } do
        test.raises_code(function() return re[key] end, 8, 'emilua.core', { index = 2 })
    end
    test.throws(function() re.grammar = 'ecma' end)
    test.ne(new 'a', new 'a')
end)

test('04.51 match', function()
    local re = new 'a+'
    local subject = byte_span.append 'aaa'
    test.eq(regex.match(re, 'aaa'), 'aaa')
    test.ok(rawequal(regex.match(re, subject), subject))
    test.eq(select('#', regex.match(re, 'b')), 1)
    test.eq(regex.match(re, 'baa'), nil)
    test.eq(regex.match(re, 'aab'), nil)
    re = new ' (a)?(b)'
    test.eq({ regex.match(re, ' b') }, { '', 'b' })
    test.eq({ regex.match(re, ' ab') }, { 'a', 'b' })
    local none, b = regex.match(re, byte_span.append ' b')
    test.eq({ #none, none.capacity, tostring(b) }, { 0, 0, 'b' })
    subject = byte_span.append('xy ab', 'rest'):slice(3, 5)
    local a
    a, b = regex.match(re, subject)
    test.eq({ tostring(a), tostring(b) }, { 'a', 'b' })
    test.eq({ a.capacity, b.capacity }, { subject.capacity - 1, subject.capacity - 2 })
    a[1] = 65
    test.eq(tostring(subject), ' Ab')
    test.eq(regex.match(new 'a|ab', 'ab'), 'ab')
    test.eq(regex.match(new 'a\\0b', 'a\0b'), 'a\0b')
    test.eq(regex.match(new '', ''), '')
    test.eq(regex.match(new '', byte_span.new(0)), byte_span.new(0))
end)

test('04.52 search', function()
    local re = new 'u(ab)(c)?'
    test.eq(regex.search(re, ' uabd'), { empty = false, [0] = { start = 2, end_ = 4 }, { start = 3, end_ = 4 } })
    test.eq(regex.search(re, byte_span.append ' uabc')[2], { start = 5, end_ = 5 })
    test.eq(regex.search(re, 'x'), { empty = true })
    test.eq(finds('$', 'ecma', 'abc'), { 4, 3 })
    test.eq(finds('x*', 'ecma', 'abc'), { 1, 0 })
    test.eq(finds('', 'ecma', ''), { 1, 0 })
end)

test('04.53 flags', function()
    test.eq({ flag.not_bol, flag.not_eol, flag.not_bow, flag.not_eow, flag.any, flag.not_null, flag.continuous },
        { 1, 2, 4, 8, 16, 32, 64 })
    test.eq(finds('^a', 'ecma', 'a', flag.not_bol), nil)
    test.eq(finds('a$', 'ecma', 'a', flag.not_eol), nil)
    test.eq(finds('a*', 'ecma', 'ba', flag.not_null), { 2, 2 })
    test.eq(finds('a', 'ecma', 'ba', flag.continuous), nil)
    test.eq(finds('ab', 'ecma', 'xab', flag.continuous), nil)
    test.eq(finds('a', 'ecma', 'ab', flag.continuous), { 1, 1 })
    test.eq(finds('\\ba', 'ecma', 'a', flag.not_bow), nil)
    test.eq(finds('a\\b', 'ecma', 'a', flag.not_eow), nil)
    test.eq(finds('\\bab\\b', 'ecma', 'x ab x', bit.bor(flag.not_bow, flag.not_eow)), { 3, 4 })
    test.eq(regex.match(new '^a', 'a', flag.not_bol), nil)
    test.eq(regex.match(new 'a*', '', flag.not_null), nil)
    for _, f in ipairs { regex.match, regex.search } do
        for _, wrong in ipairs { 'x', '1', {}, true } do
            test.raises_code(function() f(new 'a', 'a', wrong) end, 22, 'generic', { arg = 3 })
        end
        f(new 'a', 'a', nil)
    end
end)

test('04.54 the grammars differ', function()
    test.eq(finds('a|ab', 'ecma', 'xab'), { 2, 2 })
    test.eq(finds('a|ab', 'extended', 'xab'), { 2, 3 })
    test.eq(finds('(a|ab)(c|bcd)', 'extended', 'abcd'), { 1, 4 })
    for _, c in ipairs { '\n', '\r' } do test.eq(finds('.', 'ecma', c), nil) end
    for _, c in ipairs { '\f', '\0', '\255' } do test.eq(finds('.', 'ecma', c), { 1, 1 }) end
    for _, grammar in ipairs { 'basic', 'extended' } do
        test.eq(finds('.', grammar, '\n'), { 1, 1 })
        test.eq(finds('.', grammar, '\0'), nil)
        test.eq(finds('[^a]', grammar, '\0'), { 1, 1 })
        test.eq(finds('[]a]', grammar, 'b]'), { 2, 2 })
        test.eq(finds('[\\n]', grammar, 'n'), { 1, 1 })
    end
    for _, grammar in ipairs { 'basic', 'extended', 'ecma' } do
        test.eq(finds('^b', grammar, 'a\nb'), nil)
        test.eq(finds('a$', grammar, 'a\nb'), nil)
        test.eq(finds('a$', grammar, 'a\n'), nil)
        test.eq(finds('^b', grammar, 'b'), { 1, 1 })
        test.eq(finds('[[:digit:]x-z]*', grammar, '1y2'), { 1, 3 })
        test.eq(finds('[[:blank:]][[:blank:]]*', grammar, '\v \t\v'), { 2, 3 })
        test.eq(finds('[[.hyphen.]a]*', grammar, '-a'), { 1, 2 })
        test.eq(finds('[a-]*', grammar, '-a'), { 1, 2 })
    end
    -- basic takes ( ) + ? { | literally
    test.eq(regex.match(new('(a)+?{1}|', 'basic'), '(a)+?{1}|'), '(a)+?{1}|')
    test.eq({ regex.match(new('\\(a\\)\\{2\\}b*', 'basic'), 'aabb') }, { 'a' })
    test.eq(regex.match(new('a^b$c', 'basic'), 'a^b$c'), 'a^b$c')
    test.eq({ regex.match(new('\\(a*\\)b\\1', 'basic'), 'aabaa') }, { 'aa' })
    test.eq(regex.match(new('a{2}', 'extended'), 'aa'), 'aa')
end)

test('04.54 ecma', function()
    test.eq(finds('a+?', 'ecma', 'aaa'), { 1, 1 })
    test.eq(finds('\\d\\w\\s\\D\\W\\S', 'ecma', '1a x -'), { 1, 6 })
    test.eq(finds('\\d\\w\\s\\D\\W\\S', 'ecma', '1a x\tz'), { 1, 6 })
    test.eq(finds('a(?=b)', 'ecma', 'acab'), { 3, 3 })
    test.eq(finds('a(?!b)', 'ecma', 'abac'), { 3, 3 })
    test.eq(finds('(a|b)\\1', 'ecma', 'abb'), { 2, 3 })
    test.eq(regex.match(new '(a)\\1?', 'a'), 'a')
    test.eq(regex.match(new '\\x41\\u0042\\cJ\\t\\.\\q\\/', 'AB\n\t.q/'), 'AB\n\t.q/')
    test.eq(regex.match(new '[\\b\\d\\]-]+', '\b1]-'), '\b1]-')
    test.eq(finds('[]', 'ecma', 'a'), nil)
    test.eq(finds('[^]', 'ecma', '\n'), { 1, 1 })
    test.eq(regex.match(new 'a]}', 'a]}'), 'a]}')
    test.eq(regex.match(new 'x|', ''), '')
    test.eq({ regex.match(new '()*', '') }, { '' })
    -- What Perl gives a meaning.
    test.eq(regex.match(new '\\A\\z\\Q\\E\\<\\>\\K', 'AzQE<>K'), 'AzQE<>K')
end)

test('04.54 subjects are bytes', function()
    test.eq(finds('\\w', 'ecma', '\195\164'), nil)
    test.eq(finds('[[:alpha:]]', 'ecma', '\228'), nil)
    test.eq(finds('[\128-\255]+', 'ecma', 'a\128\255b'), { 2, 3 })
    test.eq(finds('[\\x80-\\xff]+', 'ecma', 'a\128\255b'), { 2, 3 })
    test.eq(finds('[x-\255]', 'ecma', '\200'), { 1, 1 })
    local re = new('h\195\164[a-c]', 'ecma', { ignore_case = true })
    test.ok(regex.match(re, 'H\195\164B'))
    test.eq(regex.match(re, 'H\195\132B'), nil)
    test.eq(range(new('[^a]', 'ecma', { ignore_case = true }), 'Ab'), { 2, 2 })
    test.eq(range(new('k', 'ecma', { ignore_case = true }), 'K'), { 1, 1 })
    test.eq(range(new('[k-m]+', 'ecma', { ignore_case = true }), 'xKLm'), { 2, 4 })
end)

test('04.55 split', function()
    local comma = new ','
    local function check(subject, ...) test.eq(regex.split(comma, subject), { ... }) end
    check(',a,,b,', '', 'a', '', 'b')
    check('', '')
    check(',', '')
    check('a', 'a')
    check('a,', 'a')
    check(',,', '', '')
    test.eq(regex.split(new 'x*', 'abc'), { 'abc' })
    test.eq(regex.split(new 'b*', 'abbc'), { 'a', 'c' })
    test.eq(regex.split(new '^', 'abc'), { 'abc' })
    test.eq(regex.split(new '^a', 'aab'), { '', 'ab' })
    test.eq(regex.split(new '[ \t]+', 'a \t b'), { 'a', 'b' })
    local subject = byte_span.append('a,b', 'c'):slice(1, 3)
    local pieces = regex.split(comma, subject)
    test.eq(pieces[2].capacity, subject.capacity - 2)
    test.eq(texts(pieces), { 'a', 'b' })
    test.eq(texts(regex.split(comma, byte_span.new(0))), { '' })
    for _, f in ipairs { regex.split, regex.patsplit } do
        test.raises_code(function() f(new '(,)', 'a') end, 95, 'generic')
        f(new('(,)', 'ecma', { nosubs = true }), 'a')
    end
end)

test('04.56 patsplit', function()
    local function check(pattern, subject, ...)
        test.eq(regex.patsplit(new(pattern), subject), { ... })
        test.eq(texts(regex.patsplit(new(pattern), byte_span.append(subject))), { ... })
    end
    check('[0-9]', '1234', '1', '2', '3', '4')
    check('[^,]*', ',A,,B,', '', 'A', '', 'B', '')
    check('[^,]*', ',b,', '', 'b', '')
    check('[^,]*', 'a,b', 'a', 'b')
    check('[^,]*', '', '')
    check('a*', 'baac', '', 'aa', '')
    check('ab', 'abab', 'ab', 'ab')
    check('x', 'abc')
    check('^a', 'aab', 'a')
    check('|a', 'ba', '', '', 'a')
    test.eq(#regex.patsplit(new '\\b', 'ab cd'), 4)
end)

test('04.56 arguments of the functions', function()
    for _, f in ipairs { regex.match, regex.search, regex.split, regex.patsplit } do
        for _, wrong in ipairs { 'a', 1, {}, byte_span.new(1) } do
            test.raises_code(function() f(wrong, 'a') end, 22, 'generic', { arg = 1 })
        end
        for _, wrong in ipairs { 1, {}, true } do
            test.raises_code(function() f(new 'a', wrong) end, 22, 'generic', { arg = 2 })
        end
        test.raises_code(function() f(new 'a') end, 22, 'generic', { arg = 2 })
        test.raises_code(function() f() end, 22, 'generic', { arg = 1 })
    end
end)

local function in_fiber(f, ...)
    local arguments, n = { ... }, select('#', ...)
    return spawn(function() return f(unpack(arguments, 1, n)) end):join()
end

test('04.57 large subjects in a fiber', function()
    local a = ('a'):rep(1024 * 1024)
    for _, grammar in ipairs { 'ecma', 'extended' } do
        for _, pattern in ipairs { 'a*', '(a|b)*', '.*x', '(a*)*', '((a)|(b))*c', '(.)*' } do
            local re = new(pattern, grammar)
            for _, f in ipairs { regex.match, regex.search } do
                local ok, e = in_fiber(pcall, f, re, a)
                if not ok then
                    test.eq(tostring(e.category), 'regex')
                    test.ok(e.code == 11 or e.code == 12)
                    test.eq(tostring(e), messages[e.code])
                end
            end
        end
    end
    test.eq(in_fiber(range, new 'a*', a), { 1, #a })
    test.eq(in_fiber(range, new '.*x', a), nil)
    test.eq(#in_fiber(regex.patsplit, new 'a', a), #a)
end)

test('04.57 catastrophic backtracking is cut off', function()
    local a = ('a'):rep(30)
    test.raises_code(function() in_fiber(regex.match, new '(a*)*b', a) end, 11, 'regex')
    test.raises_code(function() in_fiber(regex.search, new '(a|a)*b', a) end, 11, 'regex')
    -- Whatever the length of the pattern.
    test.raises_code(function() in_fiber(regex.search, new('(a|a)*' .. ('b'):rep(10000)), a) end, 11, 'regex')
end)

test('04.57 deep and long patterns', function()
    local function nested(n) return ('('):rep(n) .. 'a' .. (')'):rep(n) end
    malformed(('('):rep(100000), 'ecma', 9)
    malformed(nested(100000), 'extended', 9)
    malformed('a' .. ('*'):rep(100000), 'ecma', 9)
    malformed(('a'):rep(2 * 1024 * 1024), 'ecma', 9)
    local function compile(pattern) return regex.search(new(pattern), 'aaab$') end
    for _, pattern in ipairs {
        nested(99), ('(?:'):rep(99) .. 'a' .. (')*'):rep(99), ('(?=('):rep(49) .. 'a' .. ('))'):rep(49),
        'a' .. ('*'):rep(90), ('$'):rep(100000), ('^'):rep(100000), ('\\b'):rep(100000), ('a?'):rep(10000),
        ('a|'):rep(100000), ('(a)?'):rep(10000), ('(?:a|b)'):rep(10000), ('[[:alpha:]]'):rep(10000),
    } do
        local ok, e = in_fiber(pcall, compile, pattern)
        test.ok(ok or e.code == 11 or e.code == 12, tostring(e))
    end
end)

test.done()
