// Module `filesystem` (06).
#pragma once

#include <lua.hpp>

namespace emilua {

class class_builder;

// Pushes the module's object. Once a VM.
int open_filesystem(lua_State* L);

// Adds current_working_directory, chroot and umask.
void add_process_state(class_builder& c);

} // namespace emilua
