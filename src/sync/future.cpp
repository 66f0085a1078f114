#include "sync/future.hpp"

#include "core/class.hpp"

namespace emilua {

namespace {

using result = future_state::result;

int new_future(lua_State* L)
{
    auto state = std::make_shared<future_state>();
    push<promise>(L, state);
    push<future>(L, std::move(state));
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfenv(L, -4);
    lua_setfenv(L, -2);
    return 2;
}

// Stores the value at index 2.
void satisfy(lua_State* L, promise& p, result r)
{
    if (p.state->status != result::none)
        raise(L, core_errc::promise_already_satisfied);
    lua_getfenv(L, 1);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, 1);
    p.state->set(r);
}

int set_value(lua_State* L)
{
    auto& self = check<promise>(L, 1);
    lua_settop(L, 2);
    satisfy(L, self, result::value);
    return 0;
}

int set_error(lua_State* L)
{
    auto& self = check<promise>(L, 1);
    if (lua_isnoneornil(L, 2))
        raise_invalid_argument(L, 2);
    satisfy(L, self, result::error);
    return 0;
}

int get(lua_State* L)
{
    auto& self = check<future>(L, 1);
    check_suspend(L);
    check_interruption(L);
    future_state& state = *self.state;
    if (state.status == result::none && !state.getters.wait(vm::of(L), wait_kind::future, &self))
        raise(L, core_errc::interrupted);
    if (state.status == result::broken)
        raise(L, core_errc::broken_promise);
    lua_getfenv(L, 1);
    lua_rawgeti(L, -1, 1);
    return state.status == result::value ? 1 : lua_error(L);
}

} // namespace

int open_future(lua_State* L)
{
    class_<promise>{L, "promise"}.method("set_value", fn<set_value>).method("set_error", fn<set_error>);
    class_<future>{L, "future"}.method("get", fn<get>);
    lua_newtable(L);
    set_functions(L, {{"new", fn<new_future>}});
    return 1;
}

} // namespace emilua
