// Runs an init script in a forked child, as the fork server would, and tells what came of it.
#pragma once

#include "sandbox/init_script.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <grp.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum class caller { root, user };
constexpr id_t ordinary_id = 65534; // of the user that root becomes

struct script_run {
    std::string script;
    caller who = caller::root;
    int arg = -1;                      // duplicated into the child
    std::function<void()> after = {};  // in the child, when the script has ended
    std::function<void()> beside = {}; // in the parent, while the script runs
};

struct script_outcome {
    int status; // of waitpid
    std::string out, err;

    bool ended_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
};

[[noreturn]] inline void run_in_child(const script_run& run, int out, int err)
{
    if (run.who == caller::user && geteuid() == 0) {
        if (setgroups(0, nullptr) || setresgid(ordinary_id, ordinary_id, ordinary_id) ||
            setresuid(ordinary_id, ordinary_id, ordinary_id))
            _exit(99);
        prctl(PR_SET_DUMPABLE, 1); // else /proc/self would not be its own
    }
    dup2(out, 1);
    dup2(err, 2);
    int arg = run.arg == -1 ? -1 : fcntl(run.arg, F_DUPFD_CLOEXEC, 100);
    close_range(3, 99, 0);
    if (open("/dev/null", O_RDWR | O_CLOEXEC) != 3) // in the place of the inbox
        _exit(99);
    if (arg != -1) {
        if (fcntl(arg, F_DUPFD_CLOEXEC, 4) != 4)
            _exit(99);
        arg = 4;
    }
    close_range(5, ~0u, 0);
    umask(022);
    emilua::run_init_script(run.script, arg);
    if (run.after)
        run.after();
    std::fflush(nullptr);
    _exit(0);
}

inline script_outcome run_script(const script_run& run)
{
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
        std::abort();
    std::fflush(nullptr);
    pid_t child = fork();
    if (child == 0)
        run_in_child(run, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    if (run.beside)
        run.beside();
    script_outcome result;
    pollfd streams[] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    std::string* texts[] = {&result.out, &result.err};
    while (streams[0].fd != -1 || streams[1].fd != -1) {
        poll(streams, 2, -1);
        for (int i = 0; i < 2; ++i) {
            if (streams[i].fd == -1 || !streams[i].revents)
                continue;
            char buffer[4096];
            ssize_t n = read(streams[i].fd, buffer, sizeof(buffer));
            if (n <= 0) {
                close(streams[i].fd);
                streams[i].fd = -1;
            } else {
                texts[i]->append(buffer, n);
            }
        }
    }
    waitpid(child, &result.status, 0);
    return result;
}
