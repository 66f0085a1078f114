// spawn() and fiber handles (02 §2).
//
// Cancellation story: an interrupted join() leaves the joined fiber and its handle as they were before.
#include "core/class.hpp"
#include "lang/lang.hpp"

namespace emilua {

namespace {

using state = fiber_handle::state;
using outcome = fiber_handle::outcome;

void stop_joining(fiber& f)
{
    auto* handle = static_cast<fiber_handle*>(f.wait.object);
    handle->joiner = nullptr;
    f.owner.unpark(f);
}

int join(lua_State* L)
{
    auto& h = check<fiber_handle>(L, 1);
    vm& v = vm::of(L);
    if (!h.joinable())
        raise_invalid_argument(L, 1);
    if (h.target && h.target == v.current())
        raise(L, errc::resource_deadlock_would_occur);
    check_suspend(L);
    check_interruption(L);
    if (h.status == state::running) {
        h.joiner = v.current();
        if (!v.park({wait_kind::join, &h, stop_joining}))
            raise(L, core_errc::interrupted);
    }
    h.status = state::joined;
    int count = h.end == outcome::returned ? lua_gettop(h.results) - 1 : h.end == outcome::raised ? 1 : 0;
    if (count > 0) {
        luaL_checkstack(L, count, "too many results");
        lua_settop(h.results, count + 1);
        lua_xmove(h.results, L, count);
    }
    h.release_results();
    settle<fiber_handle>(L, 1);
    return h.end == outcome::raised ? lua_error(L) : count;
}

int detach(lua_State* L)
{
    auto& h = check<fiber_handle>(L, 1);
    if (!h.joinable())
        raise_invalid_argument(L, 1);
    h.detach();
    settle<fiber_handle>(L, 1);
    return 0;
}

int interrupt(lua_State* L)
{
    auto& h = check<fiber_handle>(L, 1);
    if (h.target)
        vm::of(L).interrupt(*h.target);
    return 0;
}

int joinable(lua_State* L)
{
    lua_pushboolean(L, check<fiber_handle>(L, 1).joinable());
    return 1;
}

int interruption_caught(lua_State* L)
{
    auto& h = check<fiber_handle>(L, 1);
    if (h.status != state::joined)
        raise(L, errc::invalid_argument);
    lua_pushboolean(L, h.end == outcome::interrupted);
    return 1;
}

// Made with the first handle: many VMs have one fiber only.
void register_class(lua_State* L)
{
    define_once<fiber_handle>(L, [L] {
        class_<fiber_handle>{L, "fiber"}
            .method("join", fn<join>)
            .method("detach", fn<detach>)
            .method("interrupt", fn<interrupt>)
            .property("joinable", fn<joinable>)
            .property("interruption_caught", fn<interruption_caught>)
            .settling();
    });
}

int spawn(lua_State* L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    register_class(L);
    auto& handle = push<fiber_handle>(L);
    lua_pushvalue(L, 1);
    fiber& f = vm::of(L).spawn(L);
    f.handle = &handle;
    handle.target = &f;
    return 1;
}

} // namespace

void set_spawn(lua_State* L)
{
    set_functions(L, {{"spawn", fn<spawn>}});
}

} // namespace emilua
