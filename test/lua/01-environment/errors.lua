-- Error tables, categories, generic_error and asio_error (01 §4.1 - §4.7).
local test = require 'test'
local ffi = require 'ffi'
local generic_error = require 'generic_error'
local asio_error = require 'asio_error'

ffi.cdef 'char* strerror(int);'

local errno = {
    EAFNOSUPPORT = 97, EADDRINUSE = 98, EADDRNOTAVAIL = 99, EISCONN = 106, E2BIG = 7, EDOM = 33, EFAULT = 14,
    EBADF = 9, EBADMSG = 74, EPIPE = 32, ECONNABORTED = 103, EALREADY = 114, ECONNREFUSED = 111,
    ECONNRESET = 104, EXDEV = 18, EDESTADDRREQ = 89, EBUSY = 16, ENOTEMPTY = 39, ENOEXEC = 8, EEXIST = 17,
    EFBIG = 27, ENAMETOOLONG = 36, ENOSYS = 38, EHOSTUNREACH = 113, EIDRM = 43, EILSEQ = 84, ENOTTY = 25,
    EINTR = 4, EINVAL = 22, ESPIPE = 29, EIO = 5, EISDIR = 21, EMSGSIZE = 90, ENETDOWN = 100, ENETRESET = 102,
    ENETUNREACH = 101, ENOBUFS = 105, ECHILD = 10, ENOLINK = 67, ENOLCK = 37, ENOMSG = 42, ENOPROTOOPT = 92,
    ENOSPC = 28, ENXIO = 6, ENODEV = 19, ENOENT = 2, ESRCH = 3, ENOTDIR = 20, ENOTSOCK = 88, ENOTCONN = 107,
    ENOMEM = 12, ENOTSUP = 95, ECANCELED = 125, EINPROGRESS = 115, EPERM = 1, EOPNOTSUPP = 95,
    EWOULDBLOCK = 11, EOWNERDEAD = 130, EACCES = 13, EPROTO = 71, EPROTONOSUPPORT = 93, EROFS = 30,
    EDEADLK = 35, EAGAIN = 11, ERANGE = 34, ENOTRECOVERABLE = 131, ETXTBSY = 26, ETIMEDOUT = 110, ENFILE = 23,
    EMFILE = 24, EMLINK = 31, ELOOP = 40, EOVERFLOW = 75, EPROTOTYPE = 91,
}

local basic = {
    access_denied = 13, address_family_not_supported = 97, address_in_use = 98, already_connected = 106,
    already_started = 114, broken_pipe = 32, connection_aborted = 103, connection_refused = 111,
    connection_reset = 104, bad_descriptor = 9, fault = 14, host_unreachable = 113, in_progress = 115,
    interrupted = 4, invalid_argument = 22, message_size = 90, name_too_long = 36, network_down = 100,
    network_reset = 102, network_unreachable = 101, no_descriptors = 24, no_buffer_space = 105,
    no_memory = 12, no_permission = 1, no_protocol_option = 92, no_such_device = 19, not_connected = 107,
    not_socket = 88, operation_aborted = 125, operation_not_supported = 95, shut_down = 108, timed_out = 110,
    try_again = 11, would_block = 11,
}

local resolver_and_misc = {
    netdb = {
        host_not_found = { 1, 'Host not found (authoritative)' },
        host_not_found_try_again = { 2, 'Host not found (non-authoritative), try again later' },
        no_recovery = { 3, 'A non-recoverable error occurred during database lookup' },
        no_data = { 4, 'The query is valid, but it does not have associated data' },
    },
    addrinfo = {
        service_not_found = { -8, 'Service not found' },
        socket_type_not_supported = { -7, 'Socket type not supported' },
    },
    misc = {
        already_open = { 1, 'Already open' },
        eof = { 2, 'End of file' },
        not_found = { 3, 'Element not found' },
        fd_set_failure = { 4, "The descriptor does not fit into the select call's fd_set" },
    },
}

local core_texts = {
    'Cannot have a module with this name',
    'Module not found',
    "The root module doesn't have a parent and can't reference one",
    "The module you're trying to import has a dependency on the current module (and it is partially loaded already)",
    'A leaf module cannot import child modules',
    'You can only import modules from the main fiber',
    'Bad root context',
    "Requested key wasn't found in the table/userdata",
    'The fiber coroutine is reserved to the scheduler',
    'Suspension already allowed',
    'Interrupt-ability already allowed',
    'EPERM within a forbid-suspend block',
    'Fiber interrupted',
    'scope_cleanup_pop() called w/o a matching scope_cleanup_push()',
    'Channel closed',
    'Broadcast the address before attempting to receive on it',
    'Lua code cannot import this module directly',
    'std::raise() failed',
    'Failed to parse RDF',
    "Parsed RDF doesn't contain a recognized Emilua module",
    'Parsed RDF module contains an invalid error category',
    'Broken promise',
    'Promise already satisfied',
    'Global _FILE is missing or invalid',
}

local function core_category()
    local _, e = pcall(require, 'a.b')
    return e.category
end

local function members(t)
    local names = {}
    for name in pairs(t) do names[#names + 1] = name end
    table.sort(names)
    return table.concat(names, ' ')
end

test('01.59 pairs shows code and category only', function()
    test.eq(members(generic_error.EINVAL), 'category code')
    test.eq(members(asio_error.misc.eof), 'category code')
    test.eq(members(asio_error.misc.eof:togeneric()), 'category code')
end)

test('01.59 each access makes a new, equal table', function()
    local a, b = generic_error.EINVAL, generic_error.EINVAL
    test.ok(a == b and not rawequal(a, b))
    test.ok(not rawequal(asio_error.misc.eof, asio_error.misc.eof))
end)

test('01.59 extra members do not affect ==', function()
    local e = generic_error.EINVAL
    e.arg = 'timeout'
    test.ok(e == generic_error.EINVAL)
    test.eq(e.arg, 'timeout')
    test.eq(generic_error.EINVAL.arg, nil)
    test.eq(e.unknown, nil)
    local ok, raised = pcall(error, e)
    test.ok(not ok and rawequal(raised, e))
    test.eq(tostring(raised), 'Invalid argument')
end)

test('01.59 == is false for anything but errors of the same code and category', function()
    local e = generic_error.EINVAL
    test.ok(e ~= generic_error.ENOENT)
    test.ok(e ~= 22 and e ~= 'Invalid argument' and e ~= { code = 22, category = e.category })
    local other = generic_error.EINVAL
    other.code = 22.5
    test.ok(e ~= other, 'code with a fraction')
    other.code = 'x'
    test.ok(e ~= other, 'code of another type')
    other = generic_error.EINVAL
    other.category = nil
    test.ok(e ~= other, 'without category')
end)

test('01.59 errors have no other operators', function()
    test.raises_string(function() return generic_error.EINVAL .. '' end, 'concatenate')
    test.raises_string(function() return generic_error.EINVAL + 1 end, 'arithmetic')
end)

test('01.60 the same code of another category is another error', function()
    test.eq(generic_error.EPERM.code, asio_error.misc.already_open.code)
    test.ok(generic_error.EPERM ~= asio_error.misc.already_open)
    test.ok(asio_error.misc.already_open ~= generic_error.EPERM)
end)

test('01.60 a generic error equals what has it as default condition', function()
    test.ok(asio_error.basic.operation_aborted == generic_error.ECANCELED)
    test.ok(generic_error.ECANCELED == asio_error.basic.operation_aborted)
    test.ok(asio_error.basic.operation_aborted ~= generic_error.EINVAL)
    test.ok(asio_error.misc.eof ~= generic_error.ENOENT)
end)

test('01.60 shut_down equals no generic error', function()
    local shut_down = asio_error.basic.shut_down
    for name in pairs(errno) do test.ok(shut_down ~= generic_error[name], name) end
    local e = generic_error.EINVAL
    e.code = shut_down.code
    test.ok(e ~= shut_down)
end)

test('01.61 togeneric', function()
    local function name(e) return tostring(e:togeneric().category) end
    test.eq(name(asio_error.basic.shut_down), 'system')
    test.eq(asio_error.basic.shut_down:togeneric(), asio_error.basic.shut_down)
    test.eq(asio_error.misc.eof:togeneric(), asio_error.misc.eof)
    test.eq(name(asio_error.misc.eof), 'asio.misc')
    test.eq(name(asio_error.basic.timed_out), 'generic')
    test.eq(asio_error.basic.timed_out:togeneric().code, errno.ETIMEDOUT)
    test.eq(name(generic_error.EINVAL), 'generic')
    local core = select(2, pcall(require, 'a.b'))
    test.eq(core:togeneric(), core)
    test.eq(core:togeneric().module, nil)
end)

test('01.61 togeneric knows exactly the codes of generic_error', function()
    local known = {}
    for _, code in pairs(errno) do known[code] = true end
    local e = asio_error.basic.timed_out
    for code = 1, 140 do
        e.code = code
        test.eq(tostring(e:togeneric().category), known[code] and 'generic' or 'system', code)
        test.eq(e:togeneric().code, code)
    end
end)

test('01.61 code 0 is no error', function()
    local e = generic_error.EINVAL
    e.code = 0
    test.eq(e:togeneric(), nil)
    test.eq(tostring(e), 'Success')
end)

test('01.61 togeneric checks its receiver', function()
    local togeneric = generic_error.EINVAL.togeneric
    local e = generic_error.EINVAL
    e.category = nil
    test.raises_code(function() togeneric(e) end, errno.EINVAL, 'generic', { arg = 1 })
    test.throws(togeneric, {})
    test.throws(togeneric, 1)
    test.throws(togeneric)
end)

test('01.62 message as function and as method', function()
    local category = generic_error.EINVAL.category
    test.eq(category.message(22), 'Invalid argument')
    test.eq(category:message(22), 'Invalid argument')
    local message = category.message
    test.eq(message(2), 'No such file or directory')
    test.raises_string(function() category.message() end, 'bad argument')
    test.raises_string(function() category:message('x') end, 'bad argument')
    test.raises_string(function() category.message({}) end, 'bad argument')
end)

test('01.62 categories', function()
    local e = generic_error.EINVAL
    local category = e.category
    test.eq(type(category), 'userdata')
    test.eq(getmetatable(category), 'error_category')
    test.eq(tostring(category), 'generic')
    test.ok(category == generic_error.ENOENT.category)
    test.ok(category ~= asio_error.basic.timed_out.category)
    test.raises_code(function() return category.foo end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() return category[1] end, 8, 'emilua.core', { index = 2 })
    test.throws(function() category.message = 1 end)
end)

test('01.62 texts of unknown codes', function()
    test.eq(generic_error.EINVAL.category.message(9999), 'Unknown error 9999')
    test.eq(asio_error.basic.timed_out.category.message(-1), 'Unknown error -1')
    test.eq(asio_error.misc.eof.category.message(99), 'asio.misc error')
    test.eq(asio_error.netdb.no_data.category.message(99), 'asio.netdb error')
    test.eq(asio_error.addrinfo.service_not_found.category.message(99), 'asio.addrinfo error')
    for _, code in ipairs { -1, 25, 2 ^ 31 - 1 } do test.eq(core_category().message(code), '') end
end)

test('01.63 tostring of damaged errors', function()
    local e = generic_error.EINVAL
    e.code = 'x'
    test.raises_code(function() tostring(e) end, errno.EINVAL, 'generic')
    e = generic_error.EINVAL
    e.category = nil
    test.raises_code(function() tostring(e) end, errno.EINVAL, 'generic')
    e.category = newproxy()
    test.raises_code(function() tostring(e) end, errno.EINVAL, 'generic')
    e.category = generic_error.EPERM.category
    test.eq(tostring(e), 'Invalid argument')
end)

test('01.63 the metatable is protected', function()
    local e = generic_error.EINVAL
    test.eq(getmetatable(e), 'error_code')
    test.raises_string(function() setmetatable(e, {}) end, 'cannot change a protected metatable')
end)

test('01.64 unknown names', function()
    local bad_index = { index = 2 }
    local odd = { 'NOPE', 'ENODATA', 'ENOSR', 'ENOSTR', 'ETIME', 'code', 'einval', 1, 22, 0 / 0, true, {}, print }
    for _, key in ipairs(odd) do
        test.raises_code(function() return generic_error[key] end, 8, 'emilua.core', bad_index)
        test.raises_code(function() return asio_error.basic[key] end, 8, 'emilua.core', bad_index)
    end
    test.raises_code(function() return generic_error[nil] end, 8, 'emilua.core', bad_index)
    test.raises_code(function() return asio_error.misc.NOPE end, 8, 'emilua.core', bad_index)
    test.raises_code(function() return asio_error.netdb.eof end, 8, 'emilua.core', bad_index)
    test.raises_code(function() return asio_error.addrinfo[1] end, 8, 'emilua.core', bad_index)
    test.eq(asio_error.nope, nil)
    test.eq(asio_error[1], nil)
end)

test('01.64 the modules are read-only userdata, the same at each import', function()
    local objects = { generic_error = generic_error, asio_error = asio_error }
    for name in ('basic netdb addrinfo misc'):gmatch '%a+' do objects['asio_error.' .. name] = asio_error[name] end
    for name, object in pairs(objects) do
        test.eq(type(object), 'userdata')
        test.eq(getmetatable(object), name)
        test.throws(function() object.EINVAL = 1 end)
    end
    local again = require 'generic_error'
    test.ok(rawequal(again, generic_error))
end)

test('01.65 all generic errors', function()
    local count = 0
    for name, code in pairs(errno) do
        count = count + 1
        local e = generic_error[name]
        test.eq(e.code, code, name)
        test.eq(tostring(e.category), 'generic', name)
        test.eq(tostring(e), ffi.string(ffi.C.strerror(code)), name)
    end
    test.eq(count, 74)
    test.eq(tostring(generic_error.ENOTSUP), 'Operation not supported')
    test.eq(tostring(generic_error.EOPNOTSUPP), 'Operation not supported')
    test.eq(generic_error.EAGAIN, generic_error.EWOULDBLOCK)
end)

test('01.65 all errors of asio_error', function()
    for name, code in pairs(basic) do
        local e = asio_error.basic[name]
        test.eq(e.code, code, name)
        test.eq(tostring(e.category), 'system', name)
        test.eq(tostring(e), ffi.string(ffi.C.strerror(code)), name)
    end
    for group, names in pairs(resolver_and_misc) do
        for name, expected in pairs(names) do
            local e = asio_error[group][name]
            test.eq(e.code, expected[1], name)
            test.eq(tostring(e.category), 'asio.' .. group, name)
            test.eq(tostring(e), expected[2], name)
        end
    end
end)

test('01.65 all texts of emilua.core', function()
    local core = core_category()
    test.eq(tostring(core), 'emilua.core')
    test.eq(#core_texts, 24)
    for code, text in ipairs(core_texts) do test.eq(core.message(code), text) end
end)

test.done()
