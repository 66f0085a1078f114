// Landlock in init scripts.
#pragma once

#include <lua.hpp>

namespace emilua::init_script {

int landlock_create_ruleset(lua_State* L);
int landlock_add_rule(lua_State* L);
int landlock_restrict_self(lua_State* L);

} // namespace emilua::init_script
