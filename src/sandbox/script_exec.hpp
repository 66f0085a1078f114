// The functions of an init script that take lists: C.execve, C.fexecve, C.setgroups.
#pragma once

#include <lua.hpp>

namespace emilua::init_script {

int execve(lua_State* L);
int fexecve(lua_State* L);
int setgroups(lua_State* L);

} // namespace emilua::init_script
