#include "sandbox/fork_server.hpp"

#include "emilua/error.hpp"
#include "sandbox/actor_process.hpp"
#include "sandbox/descriptor_stream.hpp"
#include "sandbox/linux/clone.hpp"
#include "sandbox/start_report.hpp"

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace emilua {

namespace {

constexpr std::uint64_t known_namespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;

// Comes with one descriptor: the new process' end of the socket to its creator, which tells it the rest.
struct request {
    std::uint64_t namespaces;
    bool shares_stderr;
};

// Comes with one descriptor unless `error`: a pidfd.
struct reply {
    int error;
    pid_t pid;
};

// --- In the server

// With the two that the C library keeps for itself: here they are as deadly as others.
sigset_t every_signal()
{
    sigset_t all;
    std::memset(&all, 0xff, sizeof(all));
    return all;
}

// A child whose death before its program runs is news to its creator. The progress is memory that this child
// alone shares with us, until its program runs.
struct starting_child {
    pid_t pid;
    start_progress* progress;
};

class server {
public:
    explicit server(int control)
        : control_{control}
    {
    }

    [[noreturn]] void run();

private:
    void reap(int flags);
    void note_end(pid_t pid, int status);
    void serve(const request& r, int setup);

    const int control_;
    std::vector<starting_child> starting_;
};

void server::run()
{
    // SIGCHLD arrives only while we wait for it, so no handler ever disturbs anything else.
    sigset_t all_but_sigchld = every_signal();
    sigdelset(&all_but_sigchld, SIGCHLD);
    for (;;) {
        reap(WNOHANG);
        pollfd readable{control_, POLLIN, 0};
        if (ppoll(&readable, 1, nullptr, &all_but_sigchld) < 0)
            continue; // a child has ended
        request r;
        int setup;
        if (receive_all(control_, bytes_of(r), {&setup, 1}) != 0)
            break; // the program has ended
        serve(r, setup);
        close(setup);
    }
    close(control_);
    // As long as an actor lives we keep the executable busy: a container cannot write to it by way of
    // /proc/self/exe.
    reap(0);
    _exit(EXIT_SUCCESS);
}

void server::reap(int flags)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, flags)) > 0)
        note_end(pid, status);
}

void server::note_end(pid_t pid, int status)
{
    auto child = std::ranges::find(starting_, pid, &starting_child::pid);
    if (child == starting_.end())
        return;
    bool settled = child->progress->settled;
    munmap(child->progress, sizeof(start_progress));
    starting_.erase(child);
    // SIGKILL is how creators end their actors: no news.
    if (settled || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
        return;
    char line[160];
    int n = WIFSIGNALED(status)
                ? std::snprintf(line, sizeof(line),
                                "<3>ipc_actor: process %d was killed by signal %d (%s) before its VM started",
                                pid, WTERMSIG(status), strsignal(WTERMSIG(status)))
                : std::snprintf(line, sizeof(line),
                                "<3>ipc_actor: process %d ended with status %d before its VM started", pid,
                                WEXITSTATUS(status));
    start_report{}.write({line, static_cast<std::size_t>(n)});
}

void server::serve(const request& r, int setup)
{
    start_progress* progress = nullptr;
    if (!r.shares_stderr) {
        void* page =
            mmap(nullptr, sizeof(start_progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED)
            progress = new (page) start_progress{};
    }
    int pidfd = -1;
    pid_t pid = r.namespaces & ~known_namespaces
                    ? (errno = EINVAL, -1)
                    : clone_process({.namespaces = r.namespaces, .pidfd = &pidfd});
    if (pid == 0) {
        close(control_);
        this_start.progress = progress;
        run_actor_process(setup, r.namespaces & CLONE_NEWUSER);
    }
    reply answer{pid < 0 ? errno : 0, pid};
    if (progress && pid < 0) {
        munmap(progress, sizeof(start_progress));
    } else if (progress) {
        madvise(progress, sizeof(start_progress), MADV_DONTFORK); // no other child sees it
        starting_.push_back({pid, progress});
    }
    send_all(control_, bytes_of(answer), pid < 0 ? std::span<const int>{} : std::span<const int>{&pidfd, 1});
    if (pidfd >= 0)
        close(pidfd);
}

void set_signals()
{
    // What the program inherited as ignored (nohup) is no actor's concern.
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int signo = 1; signo < NSIG; ++signo)
        sigaction(signo, &action, nullptr);
    // Signals of the terminal are meant for the program. SIGCHLD interrupts a wait; the handler does nothing.
    sigset_t all = every_signal();
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, NSIG / 8);
    action.sa_handler = [](int) {};
    action.sa_flags = SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, nullptr);
}

[[noreturn]] void run_server(int control, const std::function<void()>& forget)
{
    forget();
    set_signals();
    // Nothing but 0-2 and the socket, whatever the program was started with.
    dup3(control, 3, O_CLOEXEC);
    close_range(4, ~0u, 0);
    server{3}.run();
}

boost::system::system_error failure(int error)
{
    return boost::system::system_error{error, boost::system::system_category()};
}

} // namespace

// --- In the program

std::unique_ptr<fork_server> fork_server::start(const std::function<void()>& forget)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return nullptr;
    // No exit signal: the program's SIGCHLD and waitpid(-1) are about processes that it has started itself.
    pid_t pid = clone_process({.exit_signal = 0});
    if (pid == 0)
        run_server(ends[1], forget);
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = error;
        return nullptr;
    }
    return std::unique_ptr<fork_server>{new fork_server{ends[0]}};
}

void fork_server::warn_of_failure()
{
    std::fprintf(stderr, "<4>Failed to start subprocess-based actor subsystem: %s\n", std::strerror(errno));
}

fork_server::~fork_server()
{
    close(control_);
}

fork_server::process fork_server::spawn(std::uint64_t namespaces, bool shared, int setup)
{
    request r{namespaces, shared};
    reply answer;
    int pidfd;
    std::lock_guard lock{mutex_};
    int error = send_all(control_, bytes_of(r), {&setup, 1});
    if (!error)
        error = receive_all(control_, bytes_of(answer), {&pidfd, 1});
    if (error)
        throw failure(error);
    if (answer.error)
        throw failure(answer.error);
    if (pidfd < 0) // we have no room for one more descriptor; the process ends for lack of instructions
        throw failure(EMFILE);
    return {answer.pid, pidfd};
}

} // namespace emilua
