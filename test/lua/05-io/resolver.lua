-- Name resolution and ip.connect (05 §3.4, §3.7).
local test = require 'test'
local ip = require 'ip'
local tcp = require '/_tcp'
local generic = require 'generic_error'
local settle, start = tcp.settle, tcp.start
local EINVAL = 22
local loopback = ip.address.loopback_v4()
local info, flag = ip.tcp.get_address_info, ip.address_info_flag

local function no_service(e) return tostring(e.category) == 'asio.addrinfo' and tostring(e) == 'Service not found' end
local function no_host(e) return e.code == 1 and tostring(e.category) == 'asio.netdb' end

test('05.50 numeric host and named service', function()
    local list = info('127.0.0.1', 'http')
    test.eq(#list, 1)
    test.eq(list[1].address, loopback)
    test.eq(list[1].port, 80)
    test.eq(list[1].canonical_name, nil)
    test.eq(info('127.0.0.1', 'http', flag.canonical_name)[1].canonical_name, '127.0.0.1')
end)

test('05.51 addresses and numbers', function()
    test.eq(info(ip.address.new('::1'), 80.9)[1].port, 80)
    test.eq(info(loopback, 70000)[1].port, 4464)
    test.eq(info(loopback, '')[1].port, 0)
    test.eq(info('', 80, flag.passive)[1].address.is_unspecified, true)
    test.eq(info('', 80)[1].address.is_loopback, true)
    test.raises_code(function() info(1, 80) end, EINVAL, 'generic', { arg = 1 })
    for _, service in ipairs { false, {}, loopback } do
        test.raises_code(function() info('127.0.0.1', service) end, EINVAL, 'generic', { arg = 2 })
    end
    test.raises_code(function() info('127.0.0.1', nil) end, EINVAL, 'generic', { arg = 2 })
    test.raises_code(function() info('127.0.0.1', 80, 'x') end, EINVAL, 'generic', { arg = 3 })
    test.raises_code(function() info('127.0.0.1\0.evil', 80) end, EINVAL, 'generic', { arg = 1 })
end)

test('05.52 families', function()
    for _, protocol in ipairs { ip.tcp, ip.udp } do
        test.eq(tostring(protocol.get_address_v6_info('127.0.0.1', 80)[1].address), '::ffff:127.0.0.1')
        test.error(function() protocol.get_address_v6_info('127.0.0.1', 80, 0) end, no_host)
        test.eq(protocol.get_address_v4_info('127.0.0.1', 80)[1].address, loopback)
        test.error(function() protocol.get_address_v4_info('::1', 80) end, no_host)
    end
end)

test('05.53 unknown services', function()
    test.error(function() info('127.0.0.1', 'no-such-service') end, no_service)
    test.error(function() info('127.0.0.1', '-1') end, no_service)
    test.error(function() info('127.0.0.1', -1) end, no_service)
    test.error(function() info('127.0.0.1', 'tftp') end, no_service)
    test.eq(ip.udp.get_address_info('127.0.0.1', 'tftp')[1].port, 69)
end)

test('05.53 host and service both empty', function()
    test.error(function() info('', '') end, no_host)
end)

test('05.54 get_name_info falls back to numbers', function()
    local list = ip.tcp.get_name_info(loopback, 54321)
    test.eq(#list, 1)
    test.eq(list[1].service_name, '54321')
    test.ok(#list[1].host_name > 0)
    test.eq(ip.udp.get_name_info(loopback, 69)[1].service_name, 'tftp')
    test.eq(ip.tcp.get_name_info(ip.address.new('::ffff:0:1'), 1)[1].host_name ~= nil, true)
    test.raises_code(function() ip.tcp.get_name_info('127.0.0.1', 80) end, EINVAL, 'generic', { arg = 1 })
    test.raises_string(function() ip.tcp.get_name_info(loopback, '80') end, 'bad argument #%d.*number expected')
end)

test('05.55 concurrent resolutions; an interruption hits one', function()
    local fibers = {}
    for i = 1, 20 do fibers[i] = start(info, 'localhost', i) end
    this_fiber.yield()
    fibers[3].fiber:interrupt()
    for i = 1, 20 do
        local ok, r = fibers[i].join()
        if i == 3 and not ok then -- it may have been done by then
            test.ok(r.code == 13 and tostring(r.category) == 'emilua.core')
        else
            test.ok(ok, tostring(r))
            test.eq(r[1].port, i)
        end
    end
end)

test('05.55 the VM is not blocked while names are resolved', function()
    local ran = false
    spawn(function() ran = true end):detach()
    info('localhost', 80)
    test.ok(ran)
end)

test('05.21 resolution suspends', function()
    this_fiber.forbid_suspend()
    local ok, e = pcall(info, '127.0.0.1', 80)
    this_fiber.allow_suspend()
    test.ok(not ok and e.code == 12)
end)

-- ---- ip.connect

local function dead_port()
    local a = tcp.listener()
    local port = a.local_port
    a:close()
    return port
end

test('05.69 nothing to try', function()
    local s = ip.tcp.socket.new()
    local function not_found(e) return e.code == 3 and tostring(e.category) == 'asio.misc' end
    test.error(function() ip.connect(s, {}) end, not_found)
    test.error(function() ip.connect(s, { { address = loopback, port = 1 } }, function() return false end) end, not_found)
    for _, call in ipairs {
        function() ip.connect(s, 1) end,
        function() ip.connect(s) end,
        function() ip.connect(s, {}, 1) end,
    } do
        local e = test.raises_code(call, EINVAL, 'generic')
        test.eq(e.arg, nil)
    end
end)

test('05.69 the second entry is tried', function()
    local a, dead = tcp.listener(), dead_port()
    local s = ip.tcp.socket.new()
    local seen = {}
    local list = { { address = loopback, port = dead }, { address = loopback, port = dead },
        { address = loopback, port = a.local_port } }
    local address, port = ip.connect(s, list, function(e, _, p)
        this_fiber.yield()
        seen[#seen + 1] = { e and tostring(e) or 'none', p }
        return #seen ~= 2
    end)
    test.eq(address, loopback)
    test.eq(port, a.local_port)
    test.eq(seen, { { 'none', dead }, { 'Connection refused', dead }, { 'Connection refused', a.local_port } })
    test.eq(s.remote_port, port)
    s:close()
    a:close()
end)

test('05.69 the last error is raised; the socket stays open', function()
    local s = ip.tcp.socket.new()
    test.error(function() ip.connect(s, { { address = loopback, port = dead_port() } }) end, generic.ECONNREFUSED)
    test.ok(s.is_open)
    s:close()
    test.raises_string(function()
        ip.connect(s, { { address = loopback, port = 1 } }, function() error('mine', 0) end)
    end, '^mine$')
end)

test('05.69 UDP sockets and own objects connect too', function()
    local s = ip.udp.socket.new()
    local _, port = ip.connect(s, { { address = loopback, port = 9 } })
    test.eq(port, 9)
    test.eq(s.remote_port, 9)
    s:close()
    local log = {}
    local own = { is_open = true, close = function() log[#log + 1] = 'close' end,
        connect = function(_, a, p) log[#log + 1] = ip.tostring(a, p) end }
    ip.connect(own, { { address = loopback, port = 7 } })
    test.eq(log, { 'close', '127.0.0.1:7' })
end)

test('05.70 an interruption ends ip.connect', function()
    local tried = 0
    local own = { is_open = false }
    function own.connect()
        tried = tried + 1
        while true do this_fiber.yield() end
    end
    local c = start(ip.connect, own, { { address = loopback, port = 1 }, { address = loopback, port = 2 } })
    settle()
    c.fiber:interrupt()
    local ok, e = c.join()
    test.ok(not ok and e.code == 13)
    test.eq(tried, 1)
end)

test.done()
