-- ip.address and the plain functions of ip (05 §3.1, §3.2).
local test = require 'test'
local ip = require 'ip'
local address = ip.address
local new = address.new
local EINVAL = 22

test('05.44 what is no address raises EINVAL without arg', function()
    for _, text in ipairs { '1.2.3', '01.2.3.4', '256.1.1.1', 'localhost', '[::1]', '', ' 1.2.3.4', '1.2.3.4 ',
        '::1 ', '1.2.3.4.5', ':::', '1.2.3.4\0', '0x7f.0.0.1' } do
        local e = test.raises_code(function() new(text) end, EINVAL, 'system')
        test.eq(e.arg, nil)
    end
end)

test('05.44 new() is the unspecified IPv4 address, new(1) raises EINVAL with arg', function()
    test.eq(tostring(new()), '0.0.0.0')
    test.eq(tostring(new(nil)), '0.0.0.0')
    for _, value in ipairs { 1, true, {}, new() } do
        test.raises_code(function() new(value) end, EINVAL, 'generic', { arg = 1 })
    end
end)

test('05.45 tostring gives the canonical form', function()
    for text, canonical in pairs { ['2001:db8:0:0:1:0:0:1'] = '2001:db8::1:0:0:1', ['FE80::1'] = 'fe80::1',
        ['::ffff:1.2.3.4'] = '::ffff:1.2.3.4', ['1.2.3.4'] = '1.2.3.4', ['::'] = '::', ['::1%7'] = '::1%7',
        ['fe80::1%lo'] = 'fe80::1%lo', ['fe80::1%nosuchinterface'] = 'fe80::1' } do
        test.eq(tostring(new(text)), canonical)
    end
end)

test('05.44 constructors of well-known addresses', function()
    test.eq(tostring(address.any_v4()), '0.0.0.0')
    test.eq(tostring(address.any_v6()), '::')
    test.eq(tostring(address.loopback_v4()), '127.0.0.1')
    test.eq(tostring(address.loopback_v6()), '::1')
    test.eq(tostring(address.broadcast_v4()), '255.255.255.255')
end)

test('05.46 kinds of addresses', function()
    local v4, v6 = new('127.0.0.2'), new('::1')
    test.ok(v4.is_v4 and not v4.is_v6 and v4.is_loopback)
    test.ok(v6.is_v6 and not v6.is_v4 and v6.is_loopback)
    test.ok(not new('::ffff:127.0.0.1').is_loopback)
    test.ok(new('::ffff:127.0.0.1').is_v4_mapped)
    test.ok(new().is_unspecified and new('::').is_unspecified and not v4.is_unspecified)
    test.ok(new('224.0.0.1').is_multicast and new('ff02::1').is_multicast)
    test.ok(not new('::ffff:224.0.0.1').is_multicast)
    test.ok(new('fe80::1').is_link_local and new('fec0::1').is_site_local)
    test.ok(new('ff01::1').is_multicast_node_local and new('ff02::1').is_multicast_link_local)
    test.ok(new('ff05::1').is_multicast_site_local and new('ff08::1').is_multicast_org_local)
    test.ok(new('ff0e::1').is_multicast_global)
end)

test('05.46 IPv6 members on an IPv4 address raise EINVAL with arg 1', function()
    local v4 = new('1.2.3.4')
    for _, name in ipairs { 'is_link_local', 'is_site_local', 'is_v4_mapped', 'is_multicast_global',
        'is_multicast_link_local', 'is_multicast_node_local', 'is_multicast_org_local',
        'is_multicast_site_local', 'scope_id' } do
        test.raises_code(function() return v4[name] end, EINVAL, 'generic', { arg = 1 })
    end
    test.raises_code(function() v4.scope_id = 1 end, EINVAL, 'generic', { arg = 1 })
end)

test('05.46 scope_id can be set and removed', function()
    local a = new('2001:db8::1')
    test.eq(a.scope_id, 0)
    a.scope_id = 5
    test.eq(a.scope_id, 5)
    test.eq(tostring(a), '2001:db8::1%5')
    a.scope_id = 0
    test.eq(tostring(a), '2001:db8::1')
    test.raises_string(function() a.scope_id = 'x' end, 'bad argument #3.*number expected')
end)

test('05.47 to_v6 and to_v4', function()
    local v4 = new('1.2.3.4')
    test.eq(tostring(v4:to_v6()), '::ffff:1.2.3.4')
    test.eq(v4:to_v6():to_v4(), v4)
    test.raises_code(function() new('::'):to_v6() end, EINVAL, 'generic', { arg = 1 })
    test.raises_code(function() v4:to_v4() end, EINVAL, 'generic', { arg = 1 })
    local e = test.raises_code(function() new('::1'):to_v4() end, EINVAL, 'generic')
    test.eq(e.arg, nil)
end)

test('05.48 order and equality', function()
    test.ok(new('255.1.1.1') < new('::'))
    test.ok(new('1.2.3.4') < new('1.2.4.0') and new('::1') < new('::2'))
    test.ok(new('fe80::1%1') < new('fe80::1%2'))
    test.ok(new('1.1.1.1') <= new('1.1.1.1') and not (new('1.1.1.1') < new('1.1.1.1')))
    test.ok(new('1.1.1.1') == new('1.1.1.1'))
    test.ok(new('::ffff:1.1.1.1') ~= new('1.1.1.1'))
    test.ok(new('1.1.1.1') ~= '1.1.1.1')
    test.raises_string(function() return new() < 1 end, 'attempt to compare')
end)

test('05.2 05.3 unknown and read-only keys of an address raise bad_index', function()
    for _, key in ipairs { 'nope', 1, true } do
        test.raises_code(function() return new()[key] end, 8, 'emilua.core', { index = 2 })
    end
    test.raises_code(function() new().nope = 1 end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() new().is_v4 = true end, 8, 'emilua.core', { index = 2 })
    test.raises_code(function() new().to_v6(1) end, EINVAL, 'generic', { arg = 1 })
end)

test('05.49 tostring and toendpoint are inverse', function()
    for _, text in ipairs { '1.2.3.4:80', '[::1]:80', '0.0.0.0:0', '[fe80::1%7]:65535', '[::ffff:1.2.3.4]:1' } do
        local a, port = ip.toendpoint(text)
        test.eq(ip.tostring(a, port):gsub('%%%a+', '%%7'), text)
    end
    test.eq(ip.tostring(new('::1')), '::1')
    test.eq(ip.tostring(new('::1'), nil), '::1')
    test.eq(ip.tostring(new('::1'), '80'), '[::1]:80')
    test.eq(ip.tostring(new(), 70000), '0.0.0.0:4464')
    test.eq(ip.tostring(new(), -1), '0.0.0.0:65535')
    test.raises_code(function() ip.tostring('1.2.3.4', 80) end, EINVAL, 'generic', { arg = 1 })
    test.raises_string(function() ip.tostring(new(), 'x') end, 'bad argument #2.*number expected')
    test.raises_code(function() ip.tostring(new(), 80, 1) end, EINVAL, 'generic', { arg = 3 })
end)

test('05.49 malformed endpoints', function()
    for _, text in ipairs { '1.2.3.4', '1.2.3.4:', '1.2.3.4:+1', '1.2.3.4: 1', '1.2.3.4:01', '1.2.3.4:1x', '::1:80',
        '[1.2.3.4]:80', '[::1]', '[::1:80', '[::1]80', '::1]:80', '[::1]x:80', '', '[' } do
        test.raises_code(function() ip.toendpoint(text) end, EINVAL, 'generic', { arg = 1 })
    end
    for _, text in ipairs { '1.2.3.4:65536', '1.2.3.4:99999999999999999999' } do
        test.raises_code(function() ip.toendpoint(text) end, 34, 'generic', { arg = 1 })
    end
    for _, text in ipairs { 'localhost:80', ':80', '1.2.3:1', '[:::]:1' } do
        local e = test.raises_code(function() ip.toendpoint(text) end, EINVAL, 'system')
        test.eq(e.arg, nil)
    end
    test.raises_string(function() ip.toendpoint(1) end, 'bad argument #1.*string expected')
end)

test('05.49 host_name', function()
    test.ok(#ip.host_name() > 0)
end)

test.done()
