#include "time/time.hpp"

namespace emilua {

int open_time(lua_State* L)
{
    lua_newtable(L);
    set_sleep(L);
    set_clocks(L);
    set_timers(L);
    return 1;
}

} // namespace emilua
