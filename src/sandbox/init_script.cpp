#include "sandbox/init_script.hpp"

#include "sandbox/script_table.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <strings.h>
#include <unistd.h>

namespace emilua {

namespace init_script {

namespace {

int member_of_c(lua_State* L)
{
    std::string_view name = check_string(L, 2);
    if (auto f = std::ranges::find(functions, name, &function::name); f != functions.end()) {
        push_function(L, *f);
    } else if (auto c = std::ranges::find(constants, name, &constant::name); c != constants.end()) {
        lua_pushnumber(L, static_cast<lua_Number>(c->value));
    } else {
        lua_pushliteral(L, "key not found");
        return lua_error(L);
    }
    return 1;
}

int refuse_assignment(lua_State* L)
{
    lua_pushliteral(L, "C is read-only");
    return lua_error(L);
}

void set_c(lua_State* L)
{
    lua_newuserdata(L, 0);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, member_of_c);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_assignment);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "C");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setglobal(L, "C");
}

// Not the library `jit`: without it LuaJIT compiles nothing, and machine code is memory outside the arena.
void open_libraries(lua_State* L)
{
    constexpr luaL_Reg libraries[] = {
        {"", luaopen_base},
        {LUA_LOADLIBNAME, luaopen_package},
        {LUA_TABLIBNAME, luaopen_table},
        {LUA_IOLIBNAME, luaopen_io},
        {LUA_OSLIBNAME, luaopen_os},
        {LUA_STRLIBNAME, luaopen_string},
        {LUA_MATHLIBNAME, luaopen_math},
        {LUA_DBLIBNAME, luaopen_debug},
        {LUA_BITLIBNAME, luaopen_bit},
    };
    for (const luaL_Reg& library : libraries) {
        lua_pushcfunction(L, library.func);
        lua_pushstring(L, library.name);
        lua_call(L, 1, 0);
    }
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_ffi);
    lua_setfield(L, -2, LUA_FFILIBNAME);
    lua_pop(L, 2);
}

void set_globals(lua_State* L, int arg_fd)
{
    open_libraries(L);
    set_c(L);
    for (const function& f : helpers) {
        push_function(L, f);
        lua_setglobal(L, f.name.data());
    }
    lua_pushboolean(L, true);
    lua_setglobal(L, "errexit");
    if (arg_fd != -1) {
        lua_pushinteger(L, arg_fd);
        lua_setglobal(L, "arg");
    }
}

void run(std::string_view script, int arg_fd)
{
    script_arena arena;
    lua_State* L = lua_newstate(script_arena::allocate, &arena);
    if (!L)
        die("/alloc", ENOMEM);
    lua_gc(L, LUA_GCSTOP, 0); // the arena takes nothing back
    set_globals(L, arg_fd);
    if (luaL_loadbufferx(L, script.data(), script.size(), "=init.script", "t") != 0 ||
        lua_pcall(L, 0, 0, 0) != 0) {
        if (lua_type(L, -1) == LUA_TSTRING)
            die("/script", check_string(L, -1));
        die_silently();
    }
    lua_close(L); // closes, and so flushes, the files of `io`
    std::fflush(nullptr);
}

// What Lua and the system calls left on the stack: string.gsub and the like have buffers there.
[[gnu::noinline]] void wipe_stack()
{
    char below[256 * 1024];
    explicit_bzero(below, sizeof(below));
}

} // namespace

} // namespace init_script

void run_init_script(std::string_view script, int arg_fd)
{
    std::signal(SIGPIPE, SIG_IGN); // a failing write is an error that the script can handle
    init_script::run(script, arg_fd);
    init_script::wipe_stack();
}

} // namespace emilua
