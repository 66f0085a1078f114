// A Lua value on its way to another process (03 §12.1).
#pragma once

#include "actor/mailbox.hpp"
#include "io/file_descriptor.hpp"
#include "sandbox/ipc_message.hpp"

#include <list>
#include <lua.hpp>
#include <sys/types.h>

namespace emilua {

// Borrows file_descriptors until it is destroyed: nobody else may use them.
class outgoing_ipc_message {
public:
    // Encodes the value at `index`, once. Borrowed descriptors are left on the Lua stack, which keeps them
    // alive. Raises EINVAL{arg = index, message = why}, EBUSY, and what making a connection raises.
    void encode(lua_State* L, int index);

    // One attempt, without blocking: minus the errno if nothing was sent. Addresses that were sent come into
    // force.
    ssize_t send(int socket);

private:
    // A connection made for an address in the message.
    struct granted {
        address target; // meanwhile it stays alive
        file_descriptor sending;
        source::list receiving;
    };

    const char* put(lua_State* L);
    void put_dictionary(lua_State* L, int index);
    void borrow(lua_State* L, file_descriptor& fd);
    void grant(const std::shared_ptr<mailbox>& target);
    void add_descriptor(int fd) { descriptors_[descriptor_count_++] = fd; }

    ipc_encoder content_;
    int descriptors_[ipc_member_limit];
    std::size_t descriptor_count_ = 0;
    descriptor_lock<ipc_member_limit> borrowed_;
    std::list<granted> granted_;
};

} // namespace emilua
