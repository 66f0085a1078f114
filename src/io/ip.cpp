// Module ip (05 §3): its table and its plain functions.
#include "io/ip.hpp"

#include "core/embedded.hpp"
#include "io/open.hpp"

#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/resolver_base.hpp>
#include <charconv>

namespace emilua {

namespace {

using boost::asio::ip::resolver_base;

int tostring(lua_State* L)
{
    if (lua_gettop(L) > 2)
        raise_invalid_argument(L, 3);
    auto& a = check<address>(L, 1);
    std::string text = a.to_string();
    if (!lua_isnoneornil(L, 2)) {
        if (a.is_v6())
            text = '[' + text + ']';
        text += ':' + std::to_string(to_port(luaL_checknumber(L, 2)));
    }
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

// Decimal digits only, no leading zero.
std::uint16_t parse_port(lua_State* L, std::string_view text)
{
    bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    if (!digits || (text.size() > 1 && text[0] == '0'))
        raise_invalid_argument(L, 1);
    std::uint16_t port;
    if (std::from_chars(text.data(), text.data() + text.size(), port).ec != std::errc{})
        raise(L, errc::result_out_of_range, {{"arg", 1}});
    return port;
}

int toendpoint(lua_State* L)
{
    std::string_view text = check_text(L, 1);
    auto colon = text.rfind(':');
    if (colon == text.npos)
        raise_invalid_argument(L, 1);
    auto host = text.substr(0, colon);
    bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    // A colon says IPv6, which needs the brackets, and nothing else may have them.
    if (bracketed != (host.find(':') != host.npos) || host.find_first_of("[]") != host.npos)
        raise_invalid_argument(L, 1);
    auto port = parse_port(L, text.substr(colon + 1));
    push_address(L, parse_address(L, host));
    lua_pushinteger(L, port);
    return 2;
}

int host_name(lua_State* L)
{
    std::string name = boost::asio::ip::host_name();
    lua_pushlstring(L, name.data(), name.size());
    return 1;
}

// --- What lua/ip.lua cannot do by itself

int raise_no_argument(lua_State* L)
{
    raise(L, errc::invalid_argument);
}

int raise_not_found(lua_State* L)
{
    raise(L, error_code{boost::asio::error::not_found});
}

int is_interrupted(lua_State* L)
{
    lua_pushboolean(L, is_interrupted_error(L, 1));
    return 1;
}

void push_connect(lua_State* L)
{
    push_embedded(L, embedded::ip);
    lua_pushcfunction(L, fn<raise_no_argument>);
    lua_pushcfunction(L, fn<raise_not_found>);
    lua_pushcfunction(L, fn<is_interrupted>);
    lua_call(L, 3, 1);
}

struct flag {
    const char* name;
    int value;
};

void set_flags(lua_State* L, const char* table, std::initializer_list<flag> flags)
{
    lua_newtable(L);
    for (auto& f : flags) {
        lua_pushinteger(L, f.value);
        lua_setfield(L, -2, f.name);
    }
    lua_setfield(L, -2, table);
}

} // namespace

int open_ip(lua_State* L)
{
    lua_newtable(L);
    push_address_constructors(L);
    lua_setfield(L, -2, "address");

    lua_newtable(L);
    push_tcp_socket_constructors(L);
    lua_setfield(L, -2, "socket");
    push_tcp_acceptor_constructors(L);
    lua_setfield(L, -2, "acceptor");
    set_tcp_resolver(L);
    lua_setfield(L, -2, "tcp");

    lua_newtable(L);
    push_udp_socket_constructors(L);
    lua_setfield(L, -2, "socket");
    set_udp_resolver(L);
    lua_setfield(L, -2, "udp");

    push_connect(L);
    lua_setfield(L, -2, "connect");

    set_flags(L, "message_flag",
              {{"out_of_band", socket_base::message_out_of_band},
               {"peek", socket_base::message_peek},
               {"do_not_route", socket_base::message_do_not_route},
               {"end_of_record", socket_base::message_end_of_record}});
    set_flags(L, "address_info_flag",
              {{"passive", resolver_base::passive},
               {"canonical_name", resolver_base::canonical_name},
               {"v4_mapped", resolver_base::v4_mapped},
               {"all_matching", resolver_base::all_matching},
               {"address_configured", resolver_base::address_configured}});
    set_functions(L,
                  {{"tostring", fn<tostring>}, {"toendpoint", fn<toendpoint>}, {"host_name", fn<host_name>}});
    return 1;
}

} // namespace emilua
