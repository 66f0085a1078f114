// Lua class ipc_actor_channel: the address of an actor in another process (03 §11).
#pragma once

#include "sandbox/supervised_process.hpp"

#include <lua.hpp>
#include <memory>

namespace emilua {

// Pushes a channel that sends to `socket`, and owns it even if "not enough memory" is raised. `child` is the
// process that this VM has spawned; null: the address came in a message.
void push_ipc_channel(lua_State* L, int socket, std::shared_ptr<supervised_process> child);

} // namespace emilua
