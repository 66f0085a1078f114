// Openers of the modules of IO objects.
#pragma once

#include <lua.hpp>

namespace emilua {

int open_ip(lua_State* L);
int open_pipe(lua_State* L);
int open_serial_port(lua_State* L);
int open_unix(lua_State* L);

} // namespace emilua
