// ip.udp.socket (05 §3.8).
//
// Cancellation story: see io_object.hpp. A cancelled operation neither sent nor consumed a datagram.
#include "io/ip.hpp"
#include "io/socket_option.hpp"

#include <boost/asio/ip/multicast.hpp>
#include <boost/asio/ip/unicast.hpp>
#include <boost/asio/ip/v6_only.hpp>

namespace emilua {

namespace {

namespace multicast = boost::asio::ip::multicast;

void set_multicast_hops(lua_State* L, udp_socket& socket)
{
    luaL_checktype(L, 3, LUA_TNUMBER);
    lua_Integer hops = lua_tointeger(L, 3);
    if (hops < 0 || hops > 255)
        raise_invalid_argument(L, 3);
    socket.set_option(multicast::hops{static_cast<int>(hops)});
}

void set_multicast_interface(lua_State* L, udp_socket& socket)
{
    auto& a = check<address>(L, 3);
    if (!a.is_v4())
        raise_invalid_argument(L, 3);
    socket.set_option(multicast::outbound_interface{a.to_v4()});
}

// An option whose value is the address of a group.
template <class Option>
constexpr socket_option<udp_socket> group(std::string_view name)
{
    return {name, [](lua_State* L, udp_socket& socket) { socket.set_option(Option{check<address>(L, 3)}); },
            nullptr};
}

constexpr socket_option<udp_socket> options[] = {
    boolean<udp_socket, socket_base::broadcast>("broadcast"),
    boolean<udp_socket, socket_base::do_not_route>("do_not_route"),
    boolean<udp_socket, socket_base::reuse_address>("reuse_address"),
    boolean<udp_socket, socket_base::debug>("debug"),
    boolean<udp_socket, boost::asio::ip::v6_only>("v6_only"),
    boolean<udp_socket, multicast::enable_loopback>("multicast_loop"),
    integer<udp_socket, socket_base::send_buffer_size>("send_buffer_size"),
    integer<udp_socket, socket_base::receive_buffer_size>("receive_buffer_size"),
    integer<udp_socket, boost::asio::ip::unicast::hops>("unicast_hops"),
    {"multicast_hops", set_multicast_hops, integer<udp_socket, multicast::hops>({}).get},
    {"multicast_interface", set_multicast_interface, nullptr},
    group<multicast::join_group>("join_multicast_group"),
    group<multicast::leave_group>("leave_multicast_group"),
};

int receive(lua_State* L)
{
    auto& self = check<udp_socket>(L, 1);
    check<byte_span>(L, 2);
    return receive_message(L, self, check_flags(L, 3));
}

int send(lua_State* L)
{
    auto& self = check<udp_socket>(L, 1);
    check<byte_span>(L, 2);
    return send_message(L, self, check_flags(L, 3));
}

int receive_from(lua_State* L)
{
    auto& self = check<udp_socket>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    int flags = check_flags(L, 3);
    require_open(L, self);
    udp::endpoint sender;
    transfer(L, self, [&](auto token) {
        self.async_receive_from(buffer.as_mutable(), sender, flags, std::move(token));
    });
    push_address(L, sender.address());
    lua_pushinteger(L, sender.port());
    return 3;
}

int send_to(lua_State* L)
{
    auto& self = check<udp_socket>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    auto& a = check<address>(L, 3);
    if (lua_type(L, 4) != LUA_TNUMBER)
        raise_invalid_argument(L, 4);
    udp::endpoint to{a, to_port(lua_tonumber(L, 4))};
    int flags = check_flags(L, 5);
    require_open(L, self);
    return transfer(L, self,
                    [&](auto token) { self.async_send_to(buffer.as_const(), to, flags, std::move(token)); });
}

} // namespace

void push_udp_socket_constructors(lua_State* L)
{
    {
        class_<udp_socket> c{L, "ip.udp.socket"};
        add_ip_socket<udp_socket>(c);
        c.method("receive", fn<receive>)
            .method("receive_from", fn<receive_from>)
            .method("send", fn<send>)
            .method("send_to", fn<send_to>)
            .method("set_option", fn<set_option<udp_socket, options>>)
            .method("get_option", fn<get_option<udp_socket, options>>);
    }
    lua_newtable(L);
    set_functions(L, {{"new", fn<make<udp_socket>>}});
}

} // namespace emilua
