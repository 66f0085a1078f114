// What the files of module ip share: types, address and port arguments, members of all IP sockets.
#pragma once

#include "io/socket.hpp"

#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>

namespace emilua {

using boost::asio::ip::address;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;
using tcp_socket = boost::asio::basic_stream_socket<tcp, io_executor>;
using tcp_acceptor = boost::asio::basic_socket_acceptor<tcp, io_executor>;
using udp_socket = boost::asio::basic_datagram_socket<udp, io_executor>;

// Each registers its class and pushes the table of its constructors.
void push_address_constructors(lua_State* L);
void push_tcp_socket_constructors(lua_State* L);
void push_tcp_acceptor_constructors(lua_State* L);
void push_udp_socket_constructors(lua_State* L);

// Set get_address_info and so on in the table on top of the stack.
void set_tcp_resolver(lua_State* L);
void set_udp_resolver(lua_State* L);

// The address that a text stands for. Raises EINVAL of category system.
address parse_address(lua_State* L, std::string_view text);

// A number as a port: truncated, modulo 65536.
std::uint16_t to_port(lua_Number n);
// The port at `index`. Raises "number expected" for everything else, numeric strings included.
std::uint16_t check_port(lua_State* L, int index);

void push_address(lua_State* L, const address& a);

// "v4", "v6", or the family of an address. Raises EINVAL{arg = index}.
template <class Protocol>
Protocol check_family(lua_State* L, int index)
{
    if (auto* a = test<address>(L, index))
        return a->is_v4() ? Protocol::v4() : Protocol::v6();
    if (lua_type(L, index) != LUA_TSTRING)
        raise_invalid_argument(L, index);
    return check_choice<Protocol>(L, index, {{"v4", Protocol::v4()}, {"v6", Protocol::v6()}});
}

template <class S>
int open(lua_State* L)
{
    auto& self = check<S>(L, 1);
    open_socket(L, self, check_family<typename S::protocol_type>(L, 2));
    return 0;
}

template <class S>
int assign(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto protocol = check_family<typename S::protocol_type>(L, 2);
    move_into(self, check_file_descriptor(L, 3), protocol);
    return 0;
}

template <class S>
int bind(lua_State* L)
{
    auto& self = check<S>(L, 1);
    address a;
    if (lua_type(L, 2) == LUA_TSTRING)
        a = parse_address(L, check_text(L, 2));
    else
        a = check<address>(L, 2);
    self.bind({a, check_port(L, 3)});
    return 0;
}

template <class S>
int connect(lua_State* L)
{
    auto& self = check<S>(L, 1);
    typename S::endpoint_type peer{check<address>(L, 2), check_port(L, 3)};
    await(L, [&](auto token) {
        if (!self.is_open())
            open_socket(L, self, peer.protocol());
        self.async_connect(peer, std::move(token));
    });
    return 0;
}

template <class S>
int local_address(lua_State* L)
{
    push_address(L, check<S>(L, 1).local_endpoint().address());
    return 1;
}

template <class S>
int local_port(lua_State* L)
{
    lua_pushinteger(L, check<S>(L, 1).local_endpoint().port());
    return 1;
}

template <class S>
int remote_address(lua_State* L)
{
    push_address(L, check<S>(L, 1).remote_endpoint().address());
    return 1;
}

template <class S>
int remote_port(lua_State* L)
{
    lua_pushinteger(L, check<S>(L, 1).remote_endpoint().port());
    return 1;
}

// Members of IP sockets and acceptors.
template <class S>
void add_ip_object(class_builder& c)
{
    c.method("open", fn<open<S>>)
        .method("bind", fn<bind<S>>)
        .method("assign", fn<assign<S>>)
        .property("local_address", fn<local_address<S>>)
        .property("local_port", fn<local_port<S>>);
}

// Members of IP sockets only.
template <class S>
void add_ip_socket(class_builder& c)
{
    add_socket<S>(c);
    add_ip_object<S>(c);
    c.method("connect", fn<connect<S>>)
        .property("remote_address", fn<remote_address<S>>)
        .property("remote_port", fn<remote_port<S>>);
}

} // namespace emilua
