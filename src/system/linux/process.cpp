#include "system/linux/process.hpp"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace emilua {

int signal_process(int pidfd, int signo)
{
    return syscall(SYS_pidfd_send_signal, pidfd, signo, nullptr, 0) == 0 ? 0 : errno;
}

int reap_process(int pidfd, process_end& end)
{
    siginfo_t info;
    while (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0) {
        if (errno != EINTR)
            return errno;
    }
    bool exited = info.si_code == CLD_EXITED;
    end = {.exit_code = exited ? info.si_status : 128 + info.si_status,
           .signal = exited ? 0 : info.si_status};
    return 0;
}

} // namespace emilua
