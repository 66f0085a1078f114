// A native plugin: require('hello').greet('world') --> Hello, world!
//
//     c++ -std=c++20 -shared -fPIC $(pkg-config --cflags emilua) hello.cpp
//         -Wl,-soname,libhello.so -o libhello.so
//     EMILUA_PATH=. emilua program.lua
#include "hello.hpp"

#include <emilua/plugin.hpp>

namespace hello {

std::string greeting(std::string_view name)
{
    return "Hello, " + std::string{name} + "!";
}

namespace {

// greet(name: string) -> string
int greet(lua_State* L)
{
    if (lua_type(L, 1) != LUA_TSTRING)
        emilua::raise_invalid_argument(L, 1);
    std::size_t size;
    const char* name = lua_tolstring(L, 1, &size);
    std::string text = greeting({name, size});
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

class plugin final : public emilua::plugin {
    emilua::error_code init_module(lua_State* L) override
    {
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, greet);
        lua_setfield(L, -2, "greet");
        return {};
    }
};

} // namespace

} // namespace hello

EMILUA_PLUGIN(hello::plugin)
