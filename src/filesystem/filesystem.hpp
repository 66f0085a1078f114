// Module `filesystem` (06).
#pragma once

#include <lua.hpp>

namespace emilua {

// Pushes the module's object. Once a VM.
int open_filesystem(lua_State* L);

} // namespace emilua
