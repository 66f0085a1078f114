// subprocess: a child process of system.spawn (07 §11).
#pragma once

#include "system/linux/process.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <lua.hpp>
#include <optional>
#include <sys/types.h>

namespace emilua {

// The states are those of the descriptor: open while there is something to wait for. Until then the kernel
// keeps the pid.
class subprocess {
public:
    using executor = boost::asio::io_context::executor_type;
    using descriptor = boost::asio::posix::basic_stream_descriptor<executor>;

    explicit subprocess(boost::asio::io_context& io)
        : pidfd{io}
    {
    }
    // Nobody can wait for the child any more: it gets its signal, and is reaped when it has ended.
    ~subprocess();
    subprocess(const subprocess&) = delete;
    subprocess& operator=(const subprocess&) = delete;

    // Takes over a new child and its pidfd. Throws boost::system::system_error if it cannot be watched; then
    // it has been killed.
    void start(pid_t child, int child_pidfd);

    descriptor pidfd;
    pid_t pid = -1;
    int signal_on_gcreaper = 0;
    bool waited_for = false; // a fiber is in wait()
    std::optional<process_end> end;
};

// Registers the class in a new VM.
void register_subprocess(lua_State* L);

} // namespace emilua
