#include "io/unix_peer.hpp"

#include "io/io_object.hpp"

#include <cerrno>
#include <string>
#include <sys/socket.h>

namespace emilua {

void push_peer_credentials(lua_State* L, int socket)
{
    ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        raise_errno(L, errno);
    lua_createtable(L, 0, 3);
    lua_pushnumber(L, peer.uid); // of nobody: 2^32 - 1
    lua_setfield(L, -2, "uid");
    lua_pushinteger(L, peer.pid);
    lua_setfield(L, -2, "pid");
    lua_createtable(L, 1, 0);
    lua_pushnumber(L, peer.gid);
    lua_rawseti(L, -2, 1);
    lua_setfield(L, -2, "groups");
}

void push_peer_label(lua_State* L, int socket)
{
    std::string label(256, '\0');
    socklen_t size = static_cast<socklen_t>(label.size());
    while (getsockopt(socket, SOL_SOCKET, SO_PEERSEC, label.data(), &size) != 0) {
        if (errno != ERANGE)
            raise_errno(L, errno);
        label.resize(size);
    }
    label.resize(size);
    if (label.ends_with('\0'))
        label.pop_back();
    lua_pushlstring(L, label.data(), label.size());
}

} // namespace emilua
