// The table of modules that the runtime brings along.
#pragma once

#include <lua.hpp>
#include <string_view>

namespace emilua {

// The opener of core module `name` (called without arguments, gives the value of require), or null.
lua_CFunction core_module(std::string_view name);

} // namespace emilua
