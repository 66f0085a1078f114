// Native plugins: shared libraries libNAME.so in package directories (01 §3.9).
#pragma once

#include <lua.hpp>
#include <string>

namespace emilua {

// Pushes the module of plugin `name` if `directory` has one that loads; else pushes nothing and returns
// false. Raises what the plugin's own initialisation reports, with member `module`.
bool require_plugin(lua_State* L, const std::string& directory, const std::string& name);

} // namespace emilua
