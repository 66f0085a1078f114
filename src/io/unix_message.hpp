// Messages on UNIX sockets: bytes, an address, descriptors. See sendmsg(2), unix(7).
#pragma once

#include "io/file_descriptor.hpp"

#include <lua.hpp>
#include <span>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

namespace emilua {

struct unix_address {
    sockaddr_un value{};
    socklen_t size = sizeof(value);

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&value); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&value); }
};

// The address of the filesystem.path at `index`. Raises EINVAL{arg = index}, ENAMETOOLONG{arg = index}.
unix_address check_unix_address(lua_State* L, int index);

// Pushes a filesystem.path, the empty one for an address without a name.
void push_unix_address(lua_State* L, const unix_address& address);
bool has_name(const unix_address& address);

// Descriptors of a list, locked against any other use while this exists.
class outgoing_descriptors {
public:
    static constexpr std::size_t limit = 253; // SCM_MAX_FD

    // Locks those of the list at `index`, each once, and leaves them on the Lua stack, which keeps them
    // alive. Raises "table expected", EINVAL{arg = index}, EBUSY, OS(EINVAL): more than the kernel sends.
    void add(lua_State* L, int index);

    std::span<const int> get() const { return {values_, count_}; }

private:
    descriptor_lock<limit> lock_;
    int values_[limit];
    std::size_t count_ = 0;
};

// Descriptors that came and belong to nobody yet.
class incoming_descriptors {
public:
    static constexpr std::size_t limit = 255;

    // Takes `maximum` at most; the others are closed.
    explicit incoming_descriptors(std::size_t maximum)
        : maximum_{maximum}
    {
    }

    std::size_t maximum() const { return maximum_; }
    // Owns `fd` from now on.
    void add(int fd);
    // Pushes a list of them.
    void push(lua_State* L);

private:
    file_descriptor values_[limit];
    std::size_t count_ = 0;
    const std::size_t maximum_;
};

// The argument `maxfds` at `index`. Raises "number expected", EINVAL{arg = index}.
std::size_t check_descriptor_limit(lua_State* L, int index);

// One attempt to send or receive, without blocking: the number of bytes, or minus the errno. Null: not
// wanted.
ssize_t send_unix_message(int socket, std::span<const unsigned char> bytes, int flags, const unix_address* to,
                          const outgoing_descriptors* descriptors);
[[gnu::noinline]] ssize_t receive_unix_message(int socket, std::span<unsigned char> bytes, int flags,
                                               unix_address* from, incoming_descriptors* descriptors);

} // namespace emilua
