// The global environment of modules (01 §2): which names exist.
#include "actor/spawn_vm.hpp"
#include "core/class.hpp"
#include "core/embedded.hpp"
#include "core/error.hpp"
#include "data/byte_span.hpp"
#include "lang/lang.hpp"

namespace emilua {

namespace {

// Address: key of the registry for the table of built-in names.
const char builtins_key = 0;

void open_library(lua_State* L, lua_CFunction opener, const char* name)
{
    lua_pushcfunction(L, opener);
    lua_pushstring(L, name);
    lua_call(L, 1, 0);
}

// Copies the fields of the table on top of the stack (popped) to the one below it.
void copy_fields(lua_State* L)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 1);
}

void push_builtins(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&builtins_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
}

} // namespace

void push_ffi(lua_State* L)
{
    // Opened late, as LuaJIT does itself where a program has a literal like 1LL: it takes as much as all
    // other libraries together.
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, LUA_FFILIBNAME);
    if (lua_isnil(L, -1)) {
        open_library(L, luaopen_ffi, LUA_FFILIBNAME);
        lua_pop(L, 1);
        lua_getfield(L, -1, LUA_FFILIBNAME);
    }
    lua_remove(L, -2);
}

// The program gets a copy: what of ours is made late finds the original functions.
int open_ffi(lua_State* L)
{
    guard_finalizers(L); // ffi.gc()
    lua_newtable(L);
    push_ffi(L);
    copy_fields(L);
    return 1;
}

void push_debug_getmetatable(lua_State* L)
{
    // A library that is "loaded" already is filled in place: no global is set.
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, LUA_DBLIBNAME);
    open_library(L, luaopen_debug, LUA_DBLIBNAME);
    lua_getfield(L, -1, "getmetatable");
    lua_pushnil(L);
    lua_setfield(L, -4, LUA_DBLIBNAME);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

void open_language(vm& v)
{
    lua_State* L = v.state();
    lua_gc(L, LUA_GCSTOP, 0); // nothing made here is garbage
    // `io`, `os`, `package` and `debug` are left out: blocking, or able to break what the runtime relies on.
    open_library(L, luaopen_base, "");
    open_library(L, luaopen_table, LUA_TABLIBNAME);
    open_library(L, luaopen_string, LUA_STRLIBNAME);
    open_library(L, luaopen_math, LUA_MATHLIBNAME);
    open_library(L, luaopen_bit, LUA_BITLIBNAME);
    open_library(L, luaopen_jit, LUA_JITLIBNAME);
    keep_library(L);
    open_errors(L);

    lua_pushlightuserdata(L, const_cast<char*>(&builtins_key));
    lua_createtable(L, 0, 64);
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    copy_fields(L);
    lua_pushnil(L);
    lua_setfield(L, -2, "_G");

    set_this_fiber(L);
    set_protected_calls(L);
    set_spawn(L);
    set_print(L);
    set_checked_callers(L);
    set_finalizers(L);
    set_require(L);
    set_format(L);
    set_byte_span(L);
    set_spawn_vm(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_gc(L, LUA_GCRESTART, -1); // at twice what there is
}

void push_new_globals(lua_State* L)
{
    lua_createtable(L, 0, 64);
    push_builtins(L);
    copy_fields(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
}

} // namespace emilua
