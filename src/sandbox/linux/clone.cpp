#include "sandbox/linux/clone.hpp"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace emilua {

pid_t clone_process(const clone_options& options)
{
    clone_args args{};
    args.flags = options.namespaces;
    args.exit_signal = static_cast<std::uint64_t>(options.exit_signal);
    if (options.pidfd) {
        args.flags |= CLONE_PIDFD;
        args.pidfd = reinterpret_cast<std::uintptr_t>(options.pidfd);
    }
    // The C library keeps the thread's id in memory (a mutex remembers its owner by it), and its own fork()
    // has the kernel write the new one there. Only the kernel tells us where that is.
    int* thread_id = nullptr;
    if (prctl(PR_GET_TID_ADDRESS, &thread_id) == 0 && thread_id) {
        args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
        args.child_tid = reinterpret_cast<std::uintptr_t>(thread_id);
    }
    return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof(args)));
}

} // namespace emilua
