// The receiving end of a connection from another process: a source of messages for a mailbox (03 §12.3,
// §12.4).
//
// Nothing is read ahead: a record stays in the kernel until a fiber wants it. What the peer sends is hostile:
// a record that breaks a rule ends the connection, and nothing of it is seen by Lua.
#pragma once

#include "actor/mailbox.hpp"
#include "io/file_descriptor.hpp"

#include <memory>

namespace emilua {

// Makes a connection in one direction. Throws system_error.
void open_ipc_connection(file_descriptor& sending, file_descriptor& receiving);

// Moves `socket` into a source for `target`, the only element of the list.
source::list make_ipc_source(const std::shared_ptr<mailbox>& target, file_descriptor& socket);

// From now on the VM receives what comes from `socket`, and owns it. Any thread.
void attach_inbox(vm& owner, int socket);

} // namespace emilua
