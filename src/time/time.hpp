// The module `time`: sleep, clocks, timers (02 §11).
#pragma once

#include <lua.hpp>

namespace emilua {

int open_time(lua_State* L);

// One a file: each sets its members in the module's table on top of the stack.
void set_sleep(lua_State* L);
void set_clocks(lua_State* L);
void set_timers(lua_State* L);

} // namespace emilua
