// Who is at the other end of a UNIX socket (05 §4.4).
#pragma once

#include <lua.hpp>

namespace emilua {

// Pushes the table {uid, pid, groups}. Raises errors of the OS.
void push_peer_credentials(lua_State* L, int socket);
// Pushes the label that a security module gave the peer. Raises errors of the OS.
void push_peer_label(lua_State* L, int socket);

} // namespace emilua
