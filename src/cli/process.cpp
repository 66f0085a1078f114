#include "cli/process.hpp"

#include "cli/standard_output.hpp"
#include "core/stack_guard.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace emilua::cli {

// A standard stream that was closed by the parent becomes one whose use gives EBADF as before, so that no
// descriptor of the runtime or the program gets its number and what is printed.
void fill_standard_descriptors()
{
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_PATH) < 0)
            epoll_create1(0); // there may be no /dev: this cannot be read or written either
    }
}

// What the fork server, and so every actor, must not know: command line and environment.
void forget_start(char** arguments)
{
    for (char** all : {arguments + (*arguments ? 1 : 0), environ}) {
        for (; *all; ++all)
            explicit_bzero(*all, std::strlen(*all));
    }
    clearenv();
}

namespace {

// Every signal is unblocked; SIGPIPE is ignored, so that a broken pipe is an error and not a death. Other
// dispositions are what exec left: default, or ignored if the parent wanted that (nohup).
void set_signals()
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    stack_guard::install();
}

} // namespace

void prepare_process()
{
    set_signals();
    replace_standard_output();
}

} // namespace emilua::cli
