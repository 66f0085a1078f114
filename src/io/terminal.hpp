// The foreground process group of a terminal, for objects that may be one.
#pragma once

#include "emilua/error.hpp"

#include <cerrno>
#include <unistd.h>

namespace emilua {

inline void push_foreground_group(lua_State* L, int fd)
{
    pid_t group = tcgetpgrp(fd);
    if (group < 0)
        raise_errno(L, errno);
    lua_pushinteger(L, group);
}

inline void set_foreground_group(lua_State* L, int fd, pid_t group)
{
    if (tcsetpgrp(fd, group) != 0)
        raise_errno(L, errno);
}

} // namespace emilua
