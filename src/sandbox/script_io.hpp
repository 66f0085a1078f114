// The functions of an init script that move bytes and descriptors.
#pragma once

#include <lua.hpp>

namespace emilua::init_script {

int mode(lua_State* L);
int read(lua_State* L);
int write_all(lua_State* L);
int receive_with_fd(lua_State* L);
int send_with_fd(lua_State* L);

} // namespace emilua::init_script
