// ip.address (05 §3.1), and what turns arguments into addresses and ports.
#include "io/ip.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <cmath>

namespace emilua {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

namespace {

address_v6 check_v6(lua_State* L)
{
    auto& self = check<address>(L, 1);
    if (!self.is_v6())
        raise_invalid_argument(L, 1);
    return self.to_v6();
}

int make_address(lua_State* L)
{
    address a;
    if (!lua_isnoneornil(L, 1)) {
        if (lua_type(L, 1) != LUA_TSTRING)
            raise_invalid_argument(L, 1);
        a = parse_address(L, check_text(L, 1));
    }
    push_address(L, a);
    return 1;
}

// The value of a function without arguments, as a constructor.
template <auto Value>
int constant(lua_State* L)
{
    push_address(L, Value());
    return 1;
}

template <bool (address::*Test)() const>
int is(lua_State* L)
{
    lua_pushboolean(L, (check<address>(L, 1).*Test)());
    return 1;
}

template <bool (address_v6::*Test)() const>
int is_v6_kind(lua_State* L)
{
    lua_pushboolean(L, (check_v6(L).*Test)());
    return 1;
}

int scope_id(lua_State* L)
{
    lua_pushnumber(L, static_cast<lua_Number>(check_v6(L).scope_id()));
    return 1;
}

int set_scope_id(lua_State* L)
{
    address_v6 a = check_v6(L);
    luaL_checktype(L, 3, LUA_TNUMBER);
    a.scope_id(static_cast<std::uint32_t>(lua_tointeger(L, 3)));
    check<address>(L, 1) = a;
    return 0;
}

int to_v6(lua_State* L)
{
    auto& self = check<address>(L, 1);
    if (!self.is_v4())
        raise_invalid_argument(L, 1);
    push_address(L, make_address_v6(boost::asio::ip::v4_mapped, self.to_v4()));
    return 1;
}

int to_v4(lua_State* L)
{
    address_v6 self = check_v6(L);
    if (!self.is_v4_mapped())
        raise(L, errc::invalid_argument);
    push_address(L, make_address_v4(boost::asio::ip::v4_mapped, self));
    return 1;
}

int tostring(lua_State* L)
{
    std::string text = check<address>(L, 1).to_string();
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

int eq(lua_State* L)
{
    lua_pushboolean(L, check<address>(L, 1) == check<address>(L, 2));
    return 1;
}

int lt(lua_State* L)
{
    lua_pushboolean(L, check<address>(L, 1) < check<address>(L, 2));
    return 1;
}

int le(lua_State* L)
{
    lua_pushboolean(L, check<address>(L, 1) <= check<address>(L, 2));
    return 1;
}

} // namespace

address parse_address(lua_State* L, std::string_view text)
{
    error_code ec = boost::asio::error::invalid_argument;
    address a;
    if (text.find('\0') == text.npos) // the parsers take C strings
        a = boost::asio::ip::make_address(text, ec);
    if (ec)
        raise(L, ec);
    return a;
}

std::uint16_t to_port(lua_Number n)
{
    n = std::fmod(std::trunc(n), 65536);
    return std::isfinite(n) ? static_cast<std::uint16_t>(static_cast<int>(n)) : 0;
}

std::uint16_t check_port(lua_State* L, int index)
{
    luaL_checktype(L, index, LUA_TNUMBER);
    return to_port(lua_tonumber(L, index));
}

void push_address(lua_State* L, const address& a)
{
    push<address>(L, a);
}

void push_address_constructors(lua_State* L)
{
    class_<address>{L, "ip.address"}
        .method("to_v4", fn<to_v4>)
        .method("to_v6", fn<to_v6>)
        .property("is_v4", fn<is<&address::is_v4>>)
        .property("is_v6", fn<is<&address::is_v6>>)
        .property("is_loopback", fn<is<&address::is_loopback>>)
        .property("is_multicast", fn<is<&address::is_multicast>>)
        .property("is_unspecified", fn<is<&address::is_unspecified>>)
        .property("is_link_local", fn<is_v6_kind<&address_v6::is_link_local>>)
        .property("is_site_local", fn<is_v6_kind<&address_v6::is_site_local>>)
        .property("is_v4_mapped", fn<is_v6_kind<&address_v6::is_v4_mapped>>)
        .property("is_multicast_global", fn<is_v6_kind<&address_v6::is_multicast_global>>)
        .property("is_multicast_link_local", fn<is_v6_kind<&address_v6::is_multicast_link_local>>)
        .property("is_multicast_node_local", fn<is_v6_kind<&address_v6::is_multicast_node_local>>)
        .property("is_multicast_org_local", fn<is_v6_kind<&address_v6::is_multicast_org_local>>)
        .property("is_multicast_site_local", fn<is_v6_kind<&address_v6::is_multicast_site_local>>)
        .property("scope_id", fn<scope_id>, fn<set_scope_id>)
        .metamethod("__tostring", fn<tostring>)
        .metamethod("__eq", fn<eq>)
        .metamethod("__lt", fn<lt>)
        .metamethod("__le", fn<le>);
    lua_newtable(L);
    set_functions(L, {{"new", fn<make_address>},
                      {"any_v4", fn<constant<address_v4::any>>},
                      {"any_v6", fn<constant<address_v6::any>>},
                      {"loopback_v4", fn<constant<address_v4::loopback>>},
                      {"loopback_v6", fn<constant<address_v6::loopback>>},
                      {"broadcast_v4", fn<constant<address_v4::broadcast>>}});
}

} // namespace emilua
