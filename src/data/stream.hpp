// Module stream: composed reads and writes (04 §2), written in Lua.
#pragma once

#include <lua.hpp>

namespace emilua {

int open_stream(lua_State* L);

} // namespace emilua
