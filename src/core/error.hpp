// What the core adds to the public header.
#pragma once

#include "emilua/error.hpp"

namespace emilua {

// Registers error tables and category objects in a new VM.
void open_errors(lua_State* L);

} // namespace emilua
