// this_fiber (02 §3).
#include "core/class.hpp"
#include "lang/lang.hpp"

#include <cstdio>

namespace emilua {

namespace {

int forbid_suspend(lua_State* L)
{
    ++running_fiber(L).suspension_forbidden;
    return 0;
}

int allow_suspend(lua_State* L)
{
    fiber& f = running_fiber(L);
    if (f.suspension_forbidden == 0)
        raise(L, core_errc::suspension_already_allowed);
    --f.suspension_forbidden;
    return 0;
}

int is_main(lua_State* L)
{
    lua_pushboolean(L, running_fiber(L).is_main);
    return 1;
}

int local(lua_State* L)
{
    fiber& f = *running_fiber(L).locals_of;
    if (f.local_ref == LUA_NOREF) {
        lua_newtable(L);
        f.local_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, f.local_ref);
    return 1;
}

int id(lua_State* L)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%p", running_fiber(L).id());
    lua_pushstring(L, text);
    return 1;
}

} // namespace

fiber& running_fiber(lua_State* L)
{
    fiber* f = vm::of(L).current();
    if (!f)
        luaL_error(L, "attempt to use a fiber where none runs");
    return *f;
}

int disable_interruption(lua_State* L)
{
    ++running_fiber(L).interruption_disabled;
    vm::of(L).update_interruption();
    return 0;
}

int restore_interruption(lua_State* L)
{
    fiber& f = running_fiber(L);
    if (f.interruption_disabled == 0)
        raise(L, core_errc::interruption_already_allowed);
    --f.interruption_disabled;
    vm::of(L).update_interruption();
    return 0;
}

void set_this_fiber(lua_State* L)
{
    lua_newtable(L);
    set_functions(L, {{"yield", vm::yield},
                      {"forbid_suspend", fn<forbid_suspend>},
                      {"allow_suspend", fn<allow_suspend>},
                      {"disable_interruption", fn<disable_interruption>},
                      {"restore_interruption", fn<restore_interruption>}});
    lua_newtable(L);
    set_functions(L, {{"is_main", fn<is_main>}, {"local_", fn<local>}, {"id", fn<id>}});
    make_module(L, "this_fiber");
    lua_setfield(L, -2, "this_fiber");
}

} // namespace emilua
