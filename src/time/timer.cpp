// Timers (02 §11.4).
//
// Cancellation story: Asio's own. cancel() and the setters end all waits in progress and count them, an
// interruption ends the wait of its fiber only. A waiting fiber has the timer on its Lua stack, which keeps
// it alive.
#include "time/timer.hpp"

#include "core/await.hpp"
#include "core/class.hpp"
#include "time/time.hpp"

namespace emilua {

namespace {

template <class Clock>
int create(lua_State* L)
{
    push<timer<Clock>>(L, vm::of(L).io().get_executor());
    return 1;
}

template <class Clock>
int expires_at(lua_State* L)
{
    auto& self = check<timer<Clock>>(L, 1);
    auto& expiry = check<typename Clock::time_point>(L, 2);
    lua_pushinteger(L, self.expires_at(expiry));
    return 1;
}

int expires_after(lua_State* L)
{
    auto& self = check<steady_timer>(L, 1);
    ticks duration = check_ticks(L, 2, ticks_to_wait(luaL_checknumber(L, 2)));
    lua_pushinteger(L, self.expires_after(duration));
    return 1;
}

template <class Clock>
int cancel(lua_State* L)
{
    lua_pushinteger(L, check<timer<Clock>>(L, 1).cancel());
    return 1;
}

template <class Clock>
int wait(lua_State* L)
{
    auto& self = check<timer<Clock>>(L, 1);
    await(L, [&](auto token) { self.async_wait(std::move(token)); });
    return 0;
}

template <class Clock>
int expiry(lua_State* L)
{
    push<typename Clock::time_point>(L, check<timer<Clock>>(L, 1).expiry());
    return 1;
}

template <class Clock>
class timer_class : public class_<timer<Clock>> {
public:
    timer_class(lua_State* L, const char* name)
        : class_<timer<Clock>>{L, name}
    {
        this->method("expires_at", fn<expires_at<Clock>>)
            .method("cancel", fn<cancel<Clock>>)
            .method("wait", fn<wait<Clock>>)
            .property("expiry", fn<expiry<Clock>>);
    }
};

template <class Clock>
void set_constructor(lua_State* L, const char* name)
{
    lua_newtable(L);
    set_functions(L, {{"new", fn<create<Clock>>}});
    lua_setfield(L, -2, name);
}

} // namespace

void set_timers(lua_State* L)
{
    timer_class<steady_clock>{L, "steady_timer"}.method("expires_after", fn<expires_after>);
    set_constructor<steady_clock>(L, "steady_timer");
    timer_class<system_clock>{L, "system_timer"};
    set_constructor<system_clock>(L, "system_timer");
}

} // namespace emilua
