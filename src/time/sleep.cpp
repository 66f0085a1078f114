// time.sleep() (02 §11.1). The timer and Asio's memory for the wait are on the sleeping fiber's stack, in its
// first page: a sleeping fiber costs hardly more than an idle one.
#include "core/await.hpp"
#include "core/class.hpp"
#include "time/time.hpp"
#include "time/timer.hpp"

namespace emilua {

namespace {

int sleep(lua_State* L)
{
    ticks duration = check_ticks(L, 1, ticks_to_wait(luaL_checknumber(L, 1)));
    steady_timer timer{vm::of(L).io().get_executor()};
    timer.expires_after(duration);
    await(L, [&](auto token) { timer.async_wait(std::move(token)); });
    return 0;
}

} // namespace

void set_sleep(lua_State* L)
{
    set_functions(L, {{"sleep", fn<sleep>}});
}

} // namespace emilua
