// A plugin that uses another one: require('loud_hello').greet('world') --> HELLO, WORLD!
//
// The runtime loads libhello.so first because loud_hello.deps names it; the linker needs it, too:
//
//     c++ -std=c++20 -shared -fPIC $(pkg-config --cflags emilua) loud_hello.cpp -L. -lhello -o
//     libloud_hello.so
#include "hello.hpp"

#include <cctype>
#include <emilua/plugin.hpp>

namespace {

// greet(name: string) -> string
int greet(lua_State* L)
{
    if (lua_type(L, 1) != LUA_TSTRING)
        emilua::raise_invalid_argument(L, 1);
    std::string text = hello::greeting(lua_tostring(L, 1));
    for (char& c : text)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

class loud_hello final : public emilua::plugin {
    emilua::error_code init_module(lua_State* L) override
    {
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, greet);
        lua_setfield(L, -2, "greet");
        return {};
    }
};

} // namespace

EMILUA_PLUGIN(loud_hello)
