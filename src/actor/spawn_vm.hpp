// spawn_vm and spawn_context_threads (03 §1, §6).
#pragma once

#include <lua.hpp>

namespace emilua {

// Sets both in the table of builtins on top of the stack and registers what actors need in a new VM.
void set_spawn_vm(lua_State* L);

} // namespace emilua
