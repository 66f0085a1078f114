// What sockets of all protocols share, beside io_object.hpp.
#pragma once

#include "io/io_object.hpp"

#include <boost/asio/socket_base.hpp>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace emilua {

using boost::asio::socket_base;

// As Asio's open(), but close-on-exec from the first moment. Raises already_open, OS errors.
template <class S>
void open_socket(lua_State* L, S& socket, const typename S::protocol_type& protocol)
{
    if (socket.is_open())
        raise(L, error_code{boost::asio::error::already_open});
    file_descriptor fd;
    fd.value = ::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol());
    if (fd.value < 0)
        raise_errno(L, errno);
    move_into(socket, fd, protocol);
}

template <class S>
int shutdown(lua_State* L)
{
    auto& self = check<S>(L, 1);
    self.shutdown(check_choice<socket_base::shutdown_type>(L, 2,
                                                           {{"receive", socket_base::shutdown_receive},
                                                            {"send", socket_base::shutdown_send},
                                                            {"both", socket_base::shutdown_both}}));
    return 0;
}

// Dissolves the association with the peer.
template <class S>
int disconnect(lua_State* L)
{
    auto& self = check<S>(L, 1);
    require_open(L, self);
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    if (::connect(self.native_handle(), &nobody, sizeof(nobody)) != 0)
        raise_errno(L, errno);
    return 0;
}

template <class S>
int io_control(lua_State* L)
{
    auto& self = check<S>(L, 1);
    if (check_text(L, 2) != "bytes_readable")
        raise(L, errc::not_supported);
    socket_base::bytes_readable command;
    self.io_control(command);
    lua_pushinteger(L, static_cast<lua_Integer>(command.get()));
    return 1;
}

template <class S>
int wait(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto what = check_choice<socket_base::wait_type>(L, 2,
                                                     {{"read", socket_base::wait_read},
                                                      {"write", socket_base::wait_write},
                                                      {"error", socket_base::wait_error}});
    require_open(L, self);
    await(L, [&](auto token) { self.async_wait(what, std::move(token)); });
    return 0;
}

// Optional message flags. Raises EINVAL{arg = index} for anything but a number or nil.
inline int check_flags(lua_State* L, int index)
{
    if (lua_isnoneornil(L, index))
        return 0;
    if (lua_type(L, index) != LUA_TNUMBER)
        raise_invalid_argument(L, index);
    return to_int(lua_tointeger(L, index));
}

// Connected message transfer: receive(buffer, flags), send(buffer, flags).
template <class S>
int receive_message(lua_State* L, S& self, int flags)
{
    auto& buffer = check<byte_span>(L, 2);
    require_open(L, self);
    return transfer(L, self,
                    [&](auto token) { self.async_receive(buffer.as_mutable(), flags, std::move(token)); });
}

template <class S>
int send_message(lua_State* L, S& self, int flags)
{
    auto& buffer = check<byte_span>(L, 2);
    require_open(L, self);
    return transfer(L, self,
                    [&](auto token) { self.async_send(buffer.as_const(), flags, std::move(token)); });
}

// Starts listening, on acceptors of all protocols.
template <class A>
int listen(lua_State* L)
{
    auto& self = check<A>(L, 1);
    int backlog = socket_base::max_listen_connections;
    if (lua_type(L, 2) == LUA_TNUMBER)
        backlog = to_int(lua_tointeger(L, 2));
    else if (!lua_isnoneornil(L, 2))
        raise_invalid_argument(L, 2);
    self.listen(backlog);
    return 0;
}

// Waits for a connection, gives a new S. The class S must have been registered.
template <class A, class S>
int accept(lua_State* L)
{
    auto& self = check<A>(L, 1);
    require_open(L, self);
    auto& peer = push<S>(L, vm::of(L).io());
    await(L, [&](auto token) { self.async_accept(peer, std::move(token)); });
    fcntl(peer.native_handle(), F_SETFD, FD_CLOEXEC); // Asio knows no accept4()
    return 1;
}

// The members that all sockets have, acceptors excluded.
template <class S>
void add_socket(class_builder& c)
{
    add_io_object<S>(c);
    c.method("shutdown", fn<shutdown<S>>)
        .method("disconnect", fn<disconnect<S>>)
        .method("io_control", fn<io_control<S>>);
}

} // namespace emilua
