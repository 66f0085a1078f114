// stream.scanner (04 §3): records and fields of a read stream. Written in Lua, but for the searches.
#pragma once

#include <lua.hpp>

namespace emilua {

// Pushes the table stream.scanner.
void push_scanner(lua_State* L);

} // namespace emilua
