// Name resolution (05 §3.4).
//
// Cancellation story: getaddrinfo() cannot be stopped. It runs on a background thread with its own copies of
// the arguments; an interrupted fiber leaves it behind.
#include "io/background.hpp"
#include "io/ip.hpp"

#include <boost/asio/ip/basic_resolver.hpp>

namespace emilua {

namespace {

using boost::asio::ip::resolver_base;

// A string for the resolver, which takes C strings. Raises EINVAL{arg = index}.
std::string check_query(lua_State* L, int index)
{
    if (lua_type(L, index) == LUA_TSTRING) {
        auto text = check_text(L, index);
        if (text.find('\0') == text.npos)
            return std::string{text};
    }
    raise_invalid_argument(L, index);
}

// A negative number is left to the resolver, which knows no such service.
std::string port_text(lua_Number n)
{
    return n <= -1 ? "-1" : std::to_string(to_port(n));
}

resolver_base::flags default_flags(int family)
{
    switch (family) {
    case AF_INET: return {};
    case AF_INET6: return resolver_base::v4_mapped;
    default: return resolver_base::address_configured | resolver_base::v4_mapped;
    }
}

template <class Protocol>
void push_results(lua_State* L, const boost::asio::ip::basic_resolver_results<Protocol>& results,
                  bool canonical)
{
    lua_newtable(L);
    int i = 0;
    for (auto& entry : results) {
        lua_createtable(L, 0, 3);
        push_address(L, entry.endpoint().address());
        lua_setfield(L, -2, "address");
        lua_pushinteger(L, entry.endpoint().port());
        lua_setfield(L, -2, "port");
        if (canonical) {
            lua_pushstring(L, entry.host_name().c_str());
            lua_setfield(L, -2, "canonical_name");
        }
        lua_rawseti(L, -2, ++i);
    }
}

// Family: AF_UNSPEC, AF_INET or AF_INET6.
template <class Protocol, int Family>
int get_address_info(lua_State* L)
{
    auto* a = test<address>(L, 1);
    std::string host = a ? a->to_string() : check_query(L, 1);
    bool is_port = lua_type(L, 2) == LUA_TNUMBER;
    std::string service = is_port ? port_text(lua_tonumber(L, 2)) : check_query(L, 2);
    auto flags =
        lua_isnoneornil(L, 3) ? default_flags(Family) : static_cast<resolver_base::flags>(check_flags(L, 3));
    bool canonical = (flags & resolver_base::canonical_name) != 0;
    if (a)
        flags |= resolver_base::numeric_host;
    if (is_port)
        flags |= resolver_base::numeric_service;
    auto results = await_background(L, [host, service, flags](error_code& ec) {
        boost::asio::io_context unused;
        typename Protocol::resolver resolver{unused};
        if constexpr (Family == AF_UNSPEC)
            return resolver.resolve(host, service, flags, ec);
        else
            return resolver.resolve(Family == AF_INET ? Protocol::v4() : Protocol::v6(), host, service, flags,
                                    ec);
    });
    push_results(L, results, canonical);
    return 1;
}

template <class Protocol>
int get_name_info(lua_State* L)
{
    typename Protocol::endpoint endpoint{check<address>(L, 1), check_port(L, 2)};
    auto results = await_background(L, [endpoint](error_code& ec) {
        boost::asio::io_context unused;
        return typename Protocol::resolver{unused}.resolve(endpoint, ec);
    });
    lua_newtable(L);
    int i = 0;
    for (auto& entry : results) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, entry.host_name().c_str());
        lua_setfield(L, -2, "host_name");
        lua_pushstring(L, entry.service_name().c_str());
        lua_setfield(L, -2, "service_name");
        lua_rawseti(L, -2, ++i);
    }
    return 1;
}

template <class Protocol>
void set_resolver(lua_State* L)
{
    set_functions(L, {{"get_address_info", fn<get_address_info<Protocol, AF_UNSPEC>>},
                      {"get_address_v4_info", fn<get_address_info<Protocol, AF_INET>>},
                      {"get_address_v6_info", fn<get_address_info<Protocol, AF_INET6>>},
                      {"get_name_info", fn<get_name_info<Protocol>>}});
}

} // namespace

void set_tcp_resolver(lua_State* L)
{
    set_resolver<tcp>(L);
}

void set_udp_resolver(lua_State* L)
{
    set_resolver<udp>(L);
}

} // namespace emilua
