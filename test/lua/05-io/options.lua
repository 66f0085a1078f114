-- Socket options and io_control (05 §1.13).
local test = require 'test'
local ip = require 'ip'
local tcp = require '/_tcp'
local generic = require 'generic_error'
local EINVAL, ENOTSUP = 22, 95

local function opened(class, family)
    local s = class.new()
    s:open(family or 'v4')
    return s
end

local booleans = {
    [ip.tcp.socket] = { 'tcp_no_delay', 'keep_alive', 'out_of_band_inline', 'do_not_route' },
    [ip.tcp.acceptor] = { 'reuse_address', 'enable_connection_aborted' },
    [ip.udp.socket] = { 'broadcast', 'do_not_route', 'reuse_address', 'multicast_loop' },
}

test('05.66 boolean options round trip and take only booleans', function()
    for class, names in pairs(booleans) do
        local s = opened(class)
        for _, name in ipairs(names) do
            for _, value in ipairs { true, false } do
                test.eq(select('#', s:set_option(name, value)), 0)
                test.eq(s:get_option(name), value, name)
            end
            for _, value in ipairs { 1, 'true', {} } do
                test.raises_string(function() s:set_option(name, value) end, 'bad argument #%d.*boolean expected')
            end
            test.raises_string(function() s:set_option(name) end, 'bad argument #%d.*boolean expected')
        end
        test.eq(s:get_option('debug'), false)
        s:close()
    end
end)

test('05.66 unknown options', function()
    for class in pairs(booleans) do
        local s = opened(class)
        for _, name in ipairs { 'nope', '', 'remote_credentials' } do
            local e = test.raises_code(function() s:get_option(name) end, ENOTSUP, 'generic')
            test.eq(e.arg, nil)
            test.raises_code(function() s:set_option(name, 1) end, ENOTSUP, 'generic')
        end
        test.raises_string(function() s:get_option() end, 'bad argument #%d.*string expected')
        test.raises_string(function() s:set_option(1, 1) end, 'bad argument #%d.*string expected')
        s:close()
    end
    local s = opened(ip.tcp.socket)
    test.raises_code(function() s:set_option('reuse_address', true) end, ENOTSUP, 'generic')
    s:close()
end)

test('05.66 linger has two values', function()
    local s = opened(ip.tcp.socket)
    test.eq({ s:get_option('linger') }, { false, 0 })
    s:set_option('linger', true, 7)
    test.eq({ s:get_option('linger') }, { true, 7 })
    test.raises_string(function() s:set_option('linger') end, 'bad argument #%d.*boolean expected')
    test.raises_string(function() s:set_option('linger', true) end, 'bad argument #%d.*number expected')
    s:set_option('linger', false, 0)
    s:close()
end)

test('05.67 buffer sizes read back as they were set', function()
    for _, class in ipairs { ip.tcp.socket, ip.udp.socket } do
        local s = opened(class)
        for _, name in ipairs { 'send_buffer_size', 'receive_buffer_size' } do
            s:set_option(name, 10000)
            test.eq(s:get_option(name), 10000)
            test.raises_string(function() s:set_option(name, '1') end, 'bad argument #%d.*number expected')
        end
        s:close()
    end
end)

test('05.67 low watermarks', function()
    local s = opened(ip.tcp.socket)
    test.eq(s:get_option('send_low_watermark'), 1)
    test.error(function() s:set_option('send_low_watermark', 2) end, generic.ENOPROTOOPT)
    s:set_option('receive_low_watermark', 5)
    test.eq(s:get_option('receive_low_watermark'), 5)
    s:close()
end)

test('05.66 v6_only', function()
    for class in pairs(booleans) do
        local s = opened(class, 'v6')
        s:set_option('v6_only', true)
        test.eq(s:get_option('v6_only'), true)
        s:close()
        s = opened(class)
        test.error(function() s:get_option('v6_only') end, generic.ENOTSUP)
        test.error(function() s:set_option('v6_only', true) end, generic.ENOPROTOOPT)
        s:close()
    end
end)

test('05.68 hops', function()
    for _, family in ipairs { 'v4', 'v6' } do
        local s = opened(ip.udp.socket, family)
        test.eq(s:get_option('multicast_hops'), 1)
        s:set_option('multicast_hops', 255)
        test.eq(s:get_option('multicast_hops'), 255)
        for _, value in ipairs { 300, -1, 256 } do
            test.raises_code(function() s:set_option('multicast_hops', value) end, EINVAL, 'generic', { arg = 3 })
        end
        s:set_option('unicast_hops', 9)
        test.eq(s:get_option('unicast_hops'), 9)
        test.raises_code(function() s:set_option('unicast_hops', 300) end, EINVAL, 'system')
        s:close()
    end
end)

test('05.68 multicast groups', function()
    local s = opened(ip.udp.socket)
    local group = ip.address.new('239.1.2.3')
    local ok, e = pcall(s.set_option, s, 'multicast_interface', ip.address.loopback_v4())
    if not ok then return test.skipped(tostring(e)) end
    ok, e = pcall(s.set_option, s, 'join_multicast_group', group)
    if not ok then
        s:close()
        return test.skipped(tostring(e))
    end
    test.error(function() s:set_option('join_multicast_group', group) end, generic.EADDRINUSE)
    s:set_option('leave_multicast_group', group)
    test.error(function() s:set_option('leave_multicast_group', group) end, generic.EADDRNOTAVAIL)
    test.raises_code(function() s:set_option('join_multicast_group', '239.1.2.3') end, EINVAL, 'generic', { arg = 3 })
    test.raises_code(function() s:set_option('join_multicast_group', ip.address.new('1.2.3.4')) end, EINVAL, 'system')
    test.raises_code(function() s:set_option('multicast_interface', ip.address.new('::1')) end, EINVAL, 'generic',
        { arg = 3 })
    test.raises_code(function() s:get_option('join_multicast_group') end, ENOTSUP, 'generic')
    test.raises_code(function() s:get_option('multicast_interface') end, ENOTSUP, 'generic')
    s:close()
end)

test('05.66 io_control', function()
    local client, server = tcp.pair()
    test.eq(client:io_control('bytes_readable'), 0)
    tcp.write(server, 'abc')
    client:wait('read')
    test.eq(client:io_control('bytes_readable'), 3)
    test.raises_code(function() client:io_control('nope') end, ENOTSUP, 'generic')
    test.raises_string(function() client:io_control(1) end, 'bad argument #%d.*string expected')
    client:close()
    server:close()
end)

test.done()
