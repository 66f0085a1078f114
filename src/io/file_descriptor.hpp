// file_descriptor: owns an OS descriptor on its way between IO objects, VMs and processes (05 §2).
#pragma once

#include "emilua/error.hpp"

#include <algorithm>
#include <cstddef>
#include <lua.hpp>
#include <span>
#include <string_view>
#include <utility>

namespace emilua {

// close(2), but it never waits for the peer of a socket that is set to linger. Who sent us the socket may
// have set that.
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

// Up to N descriptors that are being sent: locked against any other use while this exists. Who locks them
// keeps them alive.
template <std::size_t N>
class descriptor_lock {
public:
    descriptor_lock() = default;
    ~descriptor_lock()
    {
        for (auto* fd : locked())
            fd->in_flight = false;
    }
    descriptor_lock(const descriptor_lock&) = delete;
    descriptor_lock& operator=(const descriptor_lock&) = delete;

    bool full() const { return count_ == N; }
    // False: it is locked by this already. Raises EBUSY if it is by another one. When this is full(), only
    // for one that is in flight.
    bool add(lua_State* L, file_descriptor& fd)
    {
        if (fd.in_flight) {
            if (std::ranges::find(locked(), &fd) != locked().end())
                return false;
            raise(L, errc::device_or_resource_busy);
        }
        fd.in_flight = true;
        locked_[count_++] = &fd;
        return true;
    }

private:
    std::span<file_descriptor* const> locked() const { return {locked_, count_}; }

    file_descriptor* locked_[N];
    std::size_t count_ = 0;
};

// Pushes a closed one. It exists before the descriptor that it shall own, so that no error can leak that.
file_descriptor& push_file_descriptor(lua_State* L);

// The argument at `index`. Raises EINVAL{arg = index} unless it is an open file_descriptor, EBUSY if it is
// being sent.
file_descriptor& check_file_descriptor(lua_State* L, int index);
// The same for an option: raises EINVAL or EBUSY with its name as `arg`.
file_descriptor& check_file_descriptor(lua_State* L, int index, std::string_view option);

} // namespace emilua
