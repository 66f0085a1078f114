#include "sandbox/script_call.hpp"

#include "sandbox/start_report.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

namespace emilua::init_script {

namespace {

const function& current_function(lua_State* L)
{
    return *static_cast<const function*>(lua_touserdata(L, lua_upvalueindex(1)));
}

} // namespace

void push_function(lua_State* L, const function& f)
{
    lua_pushlightuserdata(L, const_cast<function*>(&f));
    lua_pushcclosure(L, f.call, 1);
}

void die(std::string_view where, std::string_view message)
{
    std::fflush(nullptr); // what the script printed comes first
    this_start.write(fmt::format("<3>ipc_actor/init{}: {}", where, message));
    _exit(EXIT_FAILURE);
}

void die_silently()
{
    std::fflush(nullptr);
    _exit(EXIT_FAILURE);
}

void die(std::string_view where, int error)
{
    die(where, std::strerror(error));
}

void reject_argument(lua_State* L)
{
    char where[64];
    std::string_view name = current_function(L).name;
    int size = std::snprintf(where, sizeof(where), "/%.*s", static_cast<int>(name.size()), name.data());
    die({where, static_cast<std::size_t>(size)}, EINVAL);
}

void failed(lua_State* L, int error)
{
    lua_pushliteral(L, "errexit");
    lua_rawget(L, LUA_GLOBALSINDEX);
    if (lua_toboolean(L, -1)) {
        if (this_start.debug) {
            luaL_where(L, 1);
            this_start.write(fmt::format("<7>ipc_actor/init: {}in function '{}'", lua_tostring(L, -1),
                                         current_function(L).name));
        }
        die("", error);
    }
    lua_pop(L, 1);
}

int push_result(lua_State* L, lua_Number result)
{
    int error = result == -1 ? errno : 0;
    if (error != 0)
        failed(L, error);
    lua_pushnumber(L, result);
    lua_pushinteger(L, error);
    return 2;
}

script_arena& arena_of(lua_State* L)
{
    void* arena;
    lua_getallocf(L, &arena);
    return *static_cast<script_arena*>(arena);
}

std::string_view check_string(lua_State* L, int index)
{
    luaL_checktype(L, index, LUA_TSTRING);
    std::size_t size;
    const char* text = lua_tolstring(L, index, &size);
    return {text, size};
}

const char* argument<const char*>::get(lua_State* L, int index)
{
    std::string_view text = check_string(L, index);
    luaL_argcheck(L, text.find('\0') == text.npos, index, "string contains zeros");
    return text.data();
}

} // namespace emilua::init_script
