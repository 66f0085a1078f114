// The native half of lua/lang.lua: clean-up handlers, interruption counters, user coroutines.
#include "core/class.hpp"
#include "core/embedded.hpp"
#include "lang/coroutine.hpp"
#include "lang/lang.hpp"

namespace emilua {

namespace {

// The table of clean-up handlers of the running fiber or user coroutine.
int handlers(lua_State* L)
{
    fiber& f = running_fiber(L);
    if (f.coroutines) {
        push_coroutine_handlers(L);
        return 1;
    }
    if (f.handlers_ref == LUA_NOREF) {
        lua_newtable(L);
        f.handlers_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, f.handlers_ref);
    return 1;
}

// A clean-up handler failed: the program's invariants are gone.
int fatal(lua_State* L)
{
    vm& v = vm::of(L);
    if (v.closing())
        v.unwind_current();
    v.failed_coroutine = running_fiber(L).coroutines ? L : running_fiber(L).id();
    v.abort_current(ending::cleanup_error);
}

int raise_interrupted(lua_State* L)
{
    raise(L, core_errc::interrupted);
}

int raise_unmatched(lua_State* L)
{
    raise(L, core_errc::unmatched_scope_cleanup);
}

int raise_not_function(lua_State* L)
{
    raise(L, errc::invalid_argument);
}

// (level of the program's call, position, function name, expected type, value)
int raise_argument(lua_State* L)
{
    luaL_where(L, static_cast<int>(lua_tointeger(L, 1)));
    lua_pushfstring(L, "bad argument #%d to '%s' (%s expected, got %s)",
                    static_cast<int>(lua_tointeger(L, 2)), lua_tostring(L, 3), lua_tostring(L, 4),
                    lua_isnoneornil(L, 5) ? "no value" : luaL_typename(L, 5));
    lua_concat(L, 2);
    return lua_error(L);
}

// __index of the table that lua/late_calls.lua looks into: fills it.
int open_calls(lua_State* L)
{
    lua_settop(L, 2);
    push_embedded(L, embedded::lang);
    lua_pushvalue(L, 1);
    push_ffi(L);
    lua_pushlightuserdata(L, vm::of(L).control_block());
    lua_newtable(L);
    set_functions(L, {{"handlers", fn<handlers>},
                      {"fatal", fn<fatal>},
                      {"disable_interruption", fn<disable_interruption>},
                      {"restore_interruption", fn<restore_interruption>},
                      {"raise_interrupted", fn<raise_interrupted>},
                      {"raise_unmatched", fn<raise_unmatched>},
                      {"raise_not_function", fn<raise_not_function>},
                      {"raise_argument", fn<raise_argument>}});
    set_coroutine_natives(L);
    lua_pushlightuserdata(L, reinterpret_cast<void*>(c_stack_is_low));
    lua_setfield(L, -2, "c_stack_is_low");
    lua_call(L, 4, 1);
    vm::of(L).run_root_handlers_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_rawget(L, 1);
    return 1;
}

} // namespace

void set_protected_calls(lua_State* L)
{
    int globals = lua_gettop(L);
    push_embedded(L, embedded::late_calls);
    lua_createtable(L, 0, 10);
    lua_createtable(L, 0, 1);
    set_functions(L, {{"__index", fn<open_calls>}});
    lua_setmetatable(L, -2);
    lua_pushvalue(L, globals);
    lua_call(L, 2, 0);
    lua_getfield(L, globals, "coroutine");
    set_coroutine_functions(L);
    lua_settop(L, globals);
}

} // namespace emilua
