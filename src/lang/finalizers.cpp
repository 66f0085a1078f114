// Finalizers of the program: functions it gives to newproxy(true) objects and to ffi.gc(). They may not
// suspend (02 §1.4), and their errors must not escape (lua/finalizers.lua).
#include "core/class.hpp"
#include "core/embedded.hpp"
#include "core/runtime.hpp"
#include "lang/lang.hpp"

namespace emilua {

namespace {

// Address: key of the registry for the metatable of what newproxy(true) makes.
const char guard_key = 0;

int report_error(lua_State* L)
{
    vm& v = vm::of(L);
    v.rt().report.finalizer_error(v.id(), panic_message(L, 1));
    return 0;
}

// From now on every suspension asks whether a finalizer runs.
int note(lua_State* L)
{
    vm::of(L).has_lua_finalizers = true;
    return 0;
}

// newproxy()
int new_proxy(lua_State* L)
{
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (lua_isboolean(L, 1) && lua_toboolean(L, 1)) {
        guard_finalizers(L);
        vm::of(L).has_lua_finalizers = true;
        lua_getmetatable(L, 2);
        lua_pushlightuserdata(L, const_cast<char*>(&guard_key));
        lua_rawget(L, LUA_REGISTRYINDEX);
        lua_setmetatable(L, -2);
        lua_pop(L, 1);
    }
    return 1;
}

// collectgarbage(), which also keeps book of what in_finalizer() needs.
int collect(lua_State* L)
{
    check_c_stack(L);
    vm& v = vm::of(L);
    struct collecting {
        explicit collecting(vm& v)
            : v{v}
        {
            v.collecting = true;
        }
        ~collecting() { v.collecting = false; }
        vm& v;
    };
    auto original = reinterpret_cast<lua_CFunction>(lua_touserdata(L, lua_upvalueindex(1)));
    if (in_finalizer(L)) {
        // LuaJIT restores the collector's state after the finalizer; until then it must look stopped.
        int results = original(L);
        lua_gc(L, LUA_GCSTOP, 0);
        return results;
    }
    int results;
    {
        collecting scope{v};
        results = original(L);
    }
    v.collector_stopped = !lua_gc(L, LUA_GCISRUNNING, 0);
    return results;
}

} // namespace

void guard_finalizers(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&guard_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    bool done = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (done)
        return;
    lua_pushlightuserdata(L, const_cast<char*>(&guard_key));
    push_embedded(L, embedded::finalizers);
    push_ffi(L);
    lua_pushcfunction(L, fn<report_error>);
    lua_pushcfunction(L, fn<note>);
    lua_call(L, 3, 1);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void set_finalizers(lua_State* L)
{
    lua_getfield(L, -1, "newproxy");
    lua_pushcclosure(L, fn<new_proxy>, 1);
    lua_setfield(L, -2, "newproxy");
    lua_getfield(L, -1, "collectgarbage");
    lua_pushlightuserdata(L, reinterpret_cast<void*>(lua_tocfunction(L, -1)));
    lua_pushcclosure(L, fn<collect>, 1);
    lua_setfield(L, -3, "collectgarbage");
    lua_pop(L, 1);
}

} // namespace emilua
