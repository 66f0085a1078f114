// The fork server: a process that is forked at the first line of main() and makes the processes of subprocess
// actors (03 §8). It has one thread and knows nothing of the program: an actor inherits an empty memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <sys/types.h>

namespace emilua {

struct process_change;

// The program's end of the socket to its fork server.
class fork_server {
public:
    // Forks. Called by a process with one thread. In the server `forget` overwrites what actors must not
    // know, before anything is served. Null, with errno, if it fails.
    static std::unique_ptr<fork_server> start(const std::function<void()>& forget);
    // One line on stderr, with errno: there will be no subprocess actors.
    static void warn_of_failure();
    // The server ends when its last child has ended.
    ~fork_server();
    fork_server(const fork_server&) = delete;
    fork_server& operator=(const fork_server&) = delete;

    // Returns when the server has forgotten and closed what it inherited: who closes a descriptor now has
    // closed it.
    void await_start();

    struct process {
        pid_t pid;
        int pidfd; // the caller's
    };
    // Makes a process in new namespaces (CLONE_NEW*), which runs run_actor_process(setup). If its stderr is
    // not `shared`, its death before its program runs is reported on ours. Any thread. Throws
    // boost::system::system_error with the kernel's reason; EPIPE: the server is gone.
    process spawn(std::uint64_t namespaces, bool shared, int setup);

    // Sends a signal to a process that it made; 0 or errno. For programs whose own Landlock domain forbids
    // them signals to others: an actor is in the domain of the server. Any thread.
    int signal(int pidfd, int signo);
    // No process is made while the lock is held: the program takes it for a change of itself, so that no
    // actor starts with what another thread sees given up already.
    std::unique_lock<std::mutex> hold() { return std::unique_lock{mutex_}; }
    // Applies a change of the program to the server. False: the server could not follow. Under hold().
    bool mirror(const process_change& change);

private:
    explicit fork_server(int control)
        : control_{control}
    {
    }

    std::mutex mutex_; // one request at a time
    const int control_;
};

} // namespace emilua
