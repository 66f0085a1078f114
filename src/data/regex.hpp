// Module regex (04 §4).
#pragma once

#include <lua.hpp>

namespace emilua {

// The same table at each call: the scanner uses it too.
int open_regex(lua_State* L);

} // namespace emilua
