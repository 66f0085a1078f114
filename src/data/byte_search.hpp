// The search algorithms of byte_span (04 §1.3).
#pragma once

#include <lua.hpp>

namespace emilua {

// Adds them to the table on top of the stack.
void set_byte_search(lua_State* L);

} // namespace emilua
