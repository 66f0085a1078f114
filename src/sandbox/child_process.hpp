// A subprocess actor as its creator sees it: a process descriptor, so that no signal ever reaches another
// process that got the same number.
//
// A VM keeps its children until they have ended, and kills those that live when it ends (03 §11). A channel
// to one holds a child_process as well, to name it and to send signals.
#pragma once

#include "io/file_descriptor.hpp"
#include "sandbox/supervised_process.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <lua.hpp>
#include <memory>
#include <mutex>

namespace emilua {

class fork_server;

// Shared by VM and channel. Its descriptor is closed as soon as the process has ended: a program need not
// look after it.
class child_process final : public supervised_process, public std::enable_shared_from_this<child_process> {
public:
    using clock = std::chrono::steady_clock;

    child_process(boost::asio::io_context& io, fork_server& server, pid_t pid, int pidfd, bool is_init);

    pid_t pid() const override { return pid_; }
    // send(), and after SIGKILL await_kill().
    error_code kill(int signo) override;
    void detach() override;

    error_code send(int signo);
    // To be called after send(SIGKILL), before the process' channel is closed: it must not see that any more.
    void await_kill(clock::time_point deadline);
    // For as long as await_kill() has patience from now on.
    static clock::time_point deadline();

    bool watched() const;
    // Waits for the end of the process. This alone keeps no VM alive.
    void watch();

private:
    fork_server& server_;
    const pid_t pid_;
    const bool is_init_;       // of a PID namespace
    mutable std::mutex mutex_; // a VM and the thread that notices the end
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> descriptor_;
};

// To be called before supervise(), which allocates nothing of Lua's then.
void prepare_supervision(lua_State* L);
// Gives a process to the VM, which kills it when it ends. Takes `pidfd`, unless it throws.
std::shared_ptr<supervised_process> supervise(lua_State* L, fork_server& server, pid_t pid,
                                              file_descriptor& pidfd, bool is_init);

} // namespace emilua
