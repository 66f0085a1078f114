// file_descriptor: owns an OS descriptor on its way between IO objects, VMs and processes (05 §2).
#pragma once

#include <lua.hpp>
#include <string_view>
#include <utility>

namespace emilua {

// close(2), but it never waits for the peer of a socket that is set to linger. Who sent us the socket may have
// set that.
void close_without_waiting(int fd);

struct file_descriptor {
    int value = -1;         // -1: closed, or moved into an IO object
    bool in_flight = false; // being sent: may not be closed, moved or sent again

    file_descriptor() = default;
    ~file_descriptor() { close(); }
    file_descriptor(const file_descriptor&) = delete;
    file_descriptor& operator=(const file_descriptor&) = delete;

    void close();
    int release() { return std::exchange(value, -1); }
};

// Pushes a closed one. It exists before the descriptor that it shall own, so that no error can leak that.
file_descriptor& push_file_descriptor(lua_State* L);

// The argument at `index`. Raises EINVAL{arg = index} unless it is an open file_descriptor, EBUSY if it is
// being sent.
file_descriptor& check_file_descriptor(lua_State* L, int index);
// The same for an option: raises EINVAL or EBUSY with its name as `arg`.
file_descriptor& check_file_descriptor(lua_State* L, int index, std::string_view option);

} // namespace emilua
