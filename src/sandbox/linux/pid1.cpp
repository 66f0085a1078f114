#include "sandbox/linux/pid1.hpp"

#include "sandbox/linux/clone.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace emilua {

namespace {

[[noreturn]] void run_pid1(pid_t actor)
{
    // Peers see that the actor is gone when it is gone, and nothing in here can be reached through us.
    close_range(0, ~0u, 0);
    // The kernel drops signals to process 1 that it neither handles nor blocks, but blocked ones wait for us.
    sigset_t awaited;
    sigemptyset(&awaited);
    for (int signo : {SIGCHLD, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGINT})
        sigaddset(&awaited, signo);
    for (;;) {
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
            if (pid == actor) // the kernel kills what is left in the namespace
                _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        }
        int signo = sigwaitinfo(&awaited, nullptr);
        if (signo > 0 && signo != SIGCHLD)
            kill(actor, signo);
    }
}

// Waits until nobody else has the other end of a pipe. Process 1 closes all that it has, but when?
bool await_end(int pipe[2])
{
    char none;
    close(pipe[1]);
    bool ok = read(pipe[0], &none, 1) == 0;
    close(pipe[0]);
    return ok;
}

} // namespace

bool fork_below_pid1(const std::function<void()>& forget)
{
    int pipe[2];
    if (pipe2(pipe, O_CLOEXEC) != 0)
        return false;
    std::signal(SIGCHLD, SIG_DFL); // a script may have changed it; ignored, the actor's status would be lost
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); // none is lost between the fork and the wait
    pid_t actor = clone_process({});
    if (actor > 0) {
        forget();
        run_pid1(actor);
    }
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return actor == 0 && await_end(pipe);
}

} // namespace emilua
