// Socket options by name. A class of sockets has one table of them:
//
//     constexpr socket_option<udp_socket> options[] = {
//         boolean<udp_socket, socket_base::broadcast>("broadcast"),
//     };
//     ... .method("set_option", fn<set_option<udp_socket, options>>)
#pragma once

#include "io/io_object.hpp"

#include <boost/asio/socket_base.hpp>

namespace emilua {

template <class S>
struct socket_option {
    std::string_view name;
    void (*set)(lua_State* L, S& socket); // from the values at 3, 4, ...; null: cannot be set
    int (*get)(lua_State* L, S& socket);  // pushes; null: cannot be read
};

template <class S, class Option>
constexpr socket_option<S> boolean(std::string_view name)
{
    return {name,
            [](lua_State* L, S& socket) {
                luaL_checktype(L, 3, LUA_TBOOLEAN);
                socket.set_option(Option{lua_toboolean(L, 3) != 0});
            },
            [](lua_State* L, S& socket) {
                Option value;
                socket.get_option(value);
                lua_pushboolean(L, value.value());
                return 1;
            }};
}

template <class S, class Option>
constexpr socket_option<S> integer(std::string_view name)
{
    return {name,
            [](lua_State* L, S& socket) {
                luaL_checktype(L, 3, LUA_TNUMBER);
                socket.set_option(Option{to_int(lua_tointeger(L, 3))});
            },
            [](lua_State* L, S& socket) {
                Option value;
                socket.get_option(value);
                lua_pushinteger(L, value.value());
                return 1;
            }};
}

// Two values: enabled, seconds.
template <class S>
constexpr socket_option<S> linger()
{
    using boost::asio::socket_base;
    return {"linger",
            [](lua_State* L, S& socket) {
                luaL_checktype(L, 3, LUA_TBOOLEAN);
                luaL_checktype(L, 4, LUA_TNUMBER);
                socket.set_option(socket_base::linger{lua_toboolean(L, 3) != 0, to_int(lua_tointeger(L, 4))});
            },
            [](lua_State* L, S& socket) {
                socket_base::linger value;
                socket.get_option(value);
                lua_pushboolean(L, value.enabled());
                lua_pushinteger(L, value.timeout());
                return 2;
            }};
}

// The option whose name is at index 2; raises ENOTSUP if the table lacks it.
template <class Table>
auto& check_option(lua_State* L, const Table& table)
{
    std::string_view name = check_text(L, 2);
    for (auto& option : table) {
        if (option.name == name)
            return option;
    }
    raise(L, errc::not_supported);
}

template <class S, const auto& Table>
int set_option(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto set = check_option(L, Table).set;
    if (!set)
        raise(L, errc::not_supported);
    set(L, self);
    return 0;
}

template <class S, const auto& Table>
int get_option(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto get = check_option(L, Table).get;
    if (!get)
        raise(L, errc::not_supported);
    return get(L, self);
}

} // namespace emilua
