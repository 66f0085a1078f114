#include "sandbox/fork_server.hpp"

#include "emilua/error.hpp"
#include "sandbox/actor_process.hpp"
#include "sandbox/descriptor_stream.hpp"
#include "sandbox/linux/clone.hpp"
#include "sandbox/start_report.hpp"
#include "system/linux/process.hpp"
#include "system/process_change.hpp"

#include <algorithm>
#include <array>
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

struct request {
    enum class kind : std::uint8_t {
        greet,  // is answered
        spawn,  // comes with the new process' end of the socket to its creator, which tells it the rest
        signal, // comes with a pidfd
        change, // comes with the change's descriptor if it has one, and is followed by its payload
    };

    kind what;
    bool shares_stderr = false;
    std::uint64_t namespaces = 0;
    int signo = 0;
    process_change::kind changed = {};
    std::array<std::int64_t, 3> number = {};
    std::size_t payload_size = 0;
};

// Of `spawn` comes with a pidfd, unless `error`.
struct reply {
    int error = 0;
    pid_t pid = -1;
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
    reply spawn(const request& r, int setup, int& pidfd);
    reply signal(const request& r, int pidfd);
    reply change(const request& r, int fd);
    reply answer(const request& r, int fd, int& pidfd);

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
        if (ppoll(&readable, 1, nullptr, &all_but_sigchld) < 0 && errno == EINTR)
            continue; // a child has ended
        request r;
        int fd;
        if (receive_all(control_, bytes_of(r), {&fd, 1}) != 0)
            break; // the program has ended
        int pidfd = -1;
        reply result = answer(r, fd, pidfd);
        if (fd >= 0)
            close(fd);
        int error = send_all(control_, bytes_of(result), {&pidfd, std::size_t(pidfd >= 0)});
        if (pidfd >= 0)
            close(pidfd);
        // The user may have too many descriptors in flight. The process ends for lack of instructions.
        if (error)
            error = send_all(control_, bytes_of(reply{.error = error}));
        // A filter that the program imposed on us may forbid even that: then we are of no use any more.
        if (error)
            break;
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

reply server::spawn(const request& r, int setup, int& pidfd)
{
    if (r.namespaces & ~known_namespaces)
        return {.error = EINVAL};
    if (setup < 0) // there was no room for it
        return {.error = EMFILE};
    start_progress* progress = nullptr;
    if (!r.shares_stderr) {
        void* page =
            mmap(nullptr, sizeof(start_progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED)
            progress = new (page) start_progress{};
    }
    pid_t pid = clone_process({.namespaces = r.namespaces, .pidfd = &pidfd});
    if (pid == 0) {
        close(control_);
        this_start.progress = progress;
        run_actor_process(setup, r.namespaces & CLONE_NEWUSER);
    }
    int error = pid < 0 ? errno : 0;
    if (progress && error) {
        munmap(progress, sizeof(start_progress));
    } else if (progress) {
        madvise(progress, sizeof(start_progress), MADV_DONTFORK); // no other child sees it
        starting_.push_back({pid, progress});
    }
    return {error, pid};
}

reply server::signal(const request& r, int pidfd)
{
    return {.error = signal_process(pidfd, r.signo)};
}

reply server::change(const request& r, int fd)
{
    std::vector<std::byte> payload(r.payload_size);
    if (int error = receive_all(control_, payload))
        return {.error = error};
    return {.error = apply({r.changed, r.number, payload, fd}, threads::one)};
}

reply server::answer(const request& r, int fd, int& pidfd)
{
    switch (r.what) {
    case request::kind::greet: return {};
    case request::kind::spawn: return spawn(r, fd, pidfd);
    case request::kind::signal: return signal(r, fd);
    case request::kind::change: return change(r, fd);
    }
    return {.error = EINVAL};
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

void fork_server::await_start()
{
    request r{.what = request::kind::greet};
    reply answer;
    if (send_all(control_, bytes_of(r)) == 0)
        receive_all(control_, bytes_of(answer)); // an error is that of the first who needs the server
}

fork_server::process fork_server::spawn(std::uint64_t namespaces, bool shared, int setup)
{
    request r{.what = request::kind::spawn, .shares_stderr = shared, .namespaces = namespaces};
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

int fork_server::signal(int pidfd, int signo)
{
    request r{.what = request::kind::signal, .signo = signo};
    reply answer;
    std::lock_guard lock{mutex_};
    int error = send_all(control_, bytes_of(r), {&pidfd, 1});
    if (!error)
        error = receive_all(control_, bytes_of(answer));
    return error ? error : answer.error;
}

bool fork_server::mirror(const process_change& change)
{
    request r{.what = request::kind::change,
              .changed = change.what,
              .number = change.number,
              .payload_size = change.payload.size()};
    reply answer;
    int error = send_all(control_, bytes_of(r), {&change.fd, std::size_t(change.fd >= 0)});
    if (!error)
        error = send_all(control_, change.payload);
    if (!error)
        error = receive_all(control_, bytes_of(answer));
    return error ? error == EPIPE : answer.error == 0; // who is dead starts no process
}

} // namespace emilua
