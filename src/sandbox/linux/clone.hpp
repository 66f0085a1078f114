// fork() with what fork() lacks: namespaces, a process descriptor, the choice of the exit signal.
#pragma once

#include <csignal>
#include <cstdint>
#include <sys/types.h>

namespace emilua {

struct clone_options {
    std::uint64_t namespaces = 0; // CLONE_NEW*
    int exit_signal = SIGCHLD;    // 0: the parent neither gets a signal nor finds the child with waitpid(-1)
    int* pidfd = nullptr;         // the parent gets a close-on-exec process descriptor here
};

// As fork(): 0 in the child, -1 with errno. The caller must have one thread only.
pid_t clone_process(const clone_options& options);

} // namespace emilua
