#include "system/linux/create_process.hpp"

#include "system/linux/landlock.hpp"
#include "system/linux/process.hpp"
#include "system/linux/seccomp.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <memory>
#include <mutex>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace emilua {

namespace {

constexpr std::size_t child_stack_size = 32 * 1024;
constexpr int signal_count = 64;
constexpr const char* shell = "/bin/sh";

// The kernel's, not glibc's, which hides two signals of its own.
using kernel_sigset = std::uint64_t;

// What parent and child share.
struct creation {
    const process_plan& plan;
    std::vector<const char*> arguments;
    std::vector<const char*> environment;
    std::vector<const char*> shell_arguments; // the second is to be the file
    const char* step = nullptr;               // what failed, and why
    int error = 0;
};

std::vector<const char*> pointers(const std::vector<std::string>& strings)
{
    std::vector<const char*> result;
    result.reserve(strings.size() + 1);
    for (auto& s : strings)
        result.push_back(s.c_str());
    result.push_back(nullptr);
    return result;
}

// --- In the child
//
// Its memory is the parent's, errno and locks included, and other threads of the parent go on meanwhile. Only
// system calls that concern nobody but the child, by syscall(2): glibc's setresuid() and the like would turn
// to the parent's threads.

bool failed(creation& c, const char* step, int error)
{
    c.step = step;
    c.error = error;
    return false;
}

bool did(creation& c, const char* step, long result)
{
    return result >= 0 || failed(c, step, errno);
}

bool reset_signals()
{
    // SIG_DFL, no flags, no mask: the kernel's structure is shorter than this on some machines.
    static constexpr std::array<std::uint64_t, 8> default_action = {};
    for (int signo = 1; signo <= signal_count; ++signo)
        syscall(SYS_rt_sigaction, signo, &default_action, nullptr,
                sizeof(kernel_sigset)); // SIGKILL is refused
    return true;
}

bool set_scheduler(creation& c)
{
    const process_plan& p = c.plan;
    sched_param parameters{.sched_priority = p.scheduler_priority.value_or(0)};
    if (p.scheduler_policy)
        return did(c, "scheduler", syscall(SYS_sched_setscheduler, 0, *p.scheduler_policy, &parameters));
    return !p.scheduler_priority || did(c, "scheduler", syscall(SYS_sched_setparam, 0, &parameters));
}

bool set_session(creation& c)
{
    return !c.plan.new_session || did(c, "setsid", syscall(SYS_setsid));
}

bool set_process_group(creation& c)
{
    return !c.plan.process_group || did(c, "setpgid", syscall(SYS_setpgid, 0, *c.plan.process_group));
}

bool restrict_by_landlock(creation& c)
{
    int ruleset = c.plan.landlock_ruleset;
    return ruleset < 0 || did(c, "landlock_restrict_self", landlock::restrict_self(ruleset));
}

bool restrict_by_seccomp(creation& c)
{
    if (c.plan.seccomp_filter.empty())
        return true;
    int error = seccomp::set_filter(c.plan.seccomp_filter, seccomp::scope::thread);
    return error == 0 || failed(c, "seccomp_set_mode_filter", error);
}

bool set_groups(creation& c)
{
    auto& groups = c.plan.groups;
    return !groups || did(c, "setgroups", syscall(SYS_setgroups, groups->size(), groups->data()));
}

// The saved id becomes the effective one: there is no way back.
bool set_ids(creation& c, const char* step, process_plan::ids wanted, long set, long get_effective)
{
    if (wanted == process_plan::ids{})
        return true;
    auto saved = wanted.effective;
    if (saved == UINT32_MAX)
        saved = static_cast<std::uint32_t>(syscall(get_effective));
    return did(c, step, syscall(set, wanted.real, wanted.effective, saved));
}

bool set_no_new_privileges(creation& c)
{
    return !c.plan.no_new_privileges ||
           did(c, "set_no_new_privs", syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

bool set_umask(creation& c)
{
    return !c.plan.umask || did(c, "umask", syscall(SYS_umask, *c.plan.umask));
}

bool set_parent_death_signal(creation& c)
{
    auto signo = c.plan.parent_death_signal;
    return !signo || did(c, "pdeathsig", syscall(SYS_prctl, PR_SET_PDEATHSIG, *signo, 0, 0, 0));
}

bool change_directory(creation& c)
{
    const process_plan& p = c.plan;
    if (p.working_directory)
        return did(c, "chdir", syscall(SYS_chdir, p.working_directory->c_str()));
    return p.working_directory_fd < 0 || did(c, "chdir", syscall(SYS_fchdir, p.working_directory_fd));
}

bool take_terminal(creation& c)
{
    const process_plan& p = c.plan;
    if (p.controlling_terminal >= 0)
        return did(c, "set_ctty", syscall(SYS_ioctl, p.controlling_terminal, TIOCSCTTY, 0));
    if (p.foreground_terminal < 0)
        return true;
    auto group = static_cast<pid_t>(syscall(SYS_getpgid, 0));
    return did(c, "foreground", syscall(SYS_ioctl, p.foreground_terminal, TIOCSPGRP, &group));
}

bool enter_namespace(creation& c, const char* step, int fd, int kind)
{
    return fd < 0 || did(c, step, syscall(SYS_setns, fd, kind));
}

bool enter_namespaces(creation& c)
{
    auto& n = c.plan.namespaces;
    return enter_namespace(c, "setns_user", n.user, CLONE_NEWUSER) &&
           enter_namespace(c, "setns_mount", n.mount, CLONE_NEWNS) &&
           enter_namespace(c, "setns_uts", n.uts, CLONE_NEWUTS) &&
           enter_namespace(c, "setns_ipc", n.ipc, CLONE_NEWIPC) &&
           enter_namespace(c, "setns_net", n.net, CLONE_NEWNET);
}

const char* descriptor_step(int target)
{
    switch (target) {
    case STDIN_FILENO: return "stdin";
    case STDOUT_FILENO: return "stdout";
    case STDERR_FILENO: return "stderr";
    default: return "extra_fds";
    }
}

// A number that no descriptor of the child shall have.
int move_away(int fd)
{
    return static_cast<int>(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, process_plan::max_descriptors));
}

int open_broken_pipe(int target)
{
    int ends[2];
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0)
        return -1;
    bool reads = target == STDIN_FILENO;
    syscall(SYS_close, ends[reads ? 1 : 0]);
    int wanted = ends[reads ? 0 : 1];
    int moved = move_away(wanted);
    syscall(SYS_close, wanted);
    return moved;
}

// The descriptor for `target`, at a number where placing others cannot overwrite it; -1 sets errno.
int source_of(const process_plan::descriptor& d, int target)
{
    if (d.what == process_plan::descriptor::broken_pipe)
        return open_broken_pipe(target);
    bool may_stay = d.fd == target || d.fd >= process_plan::max_descriptors;
    return may_stay ? d.fd : move_away(d.fd);
}

bool place(creation& c, int source, int target)
{
    long result =
        source == target ? syscall(SYS_fcntl, target, F_SETFD, 0) : syscall(SYS_dup3, source, target, 0);
    return did(c, descriptor_step(target), result);
}

// Descriptors first to last - 1 end with exec.
bool end_descriptors(creation& c, unsigned first, unsigned last)
{
    return first == last ||
           did(c, "close_range", syscall(SYS_close_range, first, last - 1, CLOSE_RANGE_CLOEXEC));
}

bool set_descriptors(creation& c, int& program)
{
    auto& wanted = c.plan.descriptors;
    // Before others get its number.
    if (program >= 0 && !did(c, "program", program = move_away(program)))
        return false;
    std::array<int, process_plan::max_descriptors> sources;
    for (int target = 0; target != process_plan::max_descriptors; ++target) {
        sources[target] = -1;
        if (wanted[target].what == process_plan::descriptor::closed)
            continue;
        sources[target] = source_of(wanted[target], target);
        if (!did(c, descriptor_step(target), sources[target]))
            return false;
    }
    unsigned unwanted = 0;
    for (int target = 0; target != process_plan::max_descriptors; ++target) {
        if (sources[target] < 0)
            continue;
        if (!place(c, sources[target], target) || !end_descriptors(c, unwanted, target))
            return false;
        unwanted = target + 1;
    }
    return end_descriptors(c, unwanted, UINT32_MAX);
}

bool unblock_signals(creation& c)
{
    static constexpr kernel_sigset none = 0;
    return did(c, "signals", syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof(none)));
}

void execute_file(creation& c, const char* file)
{
    syscall(SYS_execve, file, c.arguments.data(), c.environment.data());
    if (errno == ENOEXEC && c.plan.runs_scripts) {
        c.shell_arguments[1] = file;
        syscall(SYS_execve, shell, c.shell_arguments.data(), c.environment.data());
    }
}

// Returns if it fails. The search goes on as execvp(3) does it.
bool execute(creation& c, int program)
{
    if (program >= 0) {
        return did(
            c, "exec",
            syscall(SYS_execveat, program, "", c.arguments.data(), c.environment.data(), AT_EMPTY_PATH));
    }
    bool refused = false;
    for (auto& file : c.plan.program_files) {
        execute_file(c, file.c_str());
        refused |= errno == EACCES;
        bool may_be_elsewhere = errno == EACCES || errno == ENOENT || errno == ENOTDIR || errno == ESTALE ||
                                errno == ENODEV || errno == ETIMEDOUT;
        if (!may_be_elsewhere)
            return did(c, "exec", -1);
    }
    if (refused)
        errno = EACCES;
    return did(c, "exec", -1);
}

// Only returns if a step failed; the status is seen by nobody.
int run_child(void* shared)
{
    auto& c = *static_cast<creation*>(shared);
    const process_plan& p = c.plan;
    bool privileged = !p.no_new_privileges; // it needs its rights to confine itself
    int program = p.program_fd;
    (void)(reset_signals() && set_scheduler(c) && set_session(c) && set_process_group(c) &&
           (!privileged || (restrict_by_landlock(c) && restrict_by_seccomp(c))) && set_groups(c) &&
           set_ids(c, "setresgid", p.group, SYS_setresgid, SYS_getegid) &&
           set_ids(c, "setresuid", p.user, SYS_setresuid, SYS_geteuid) && set_no_new_privileges(c) &&
           (privileged || restrict_by_landlock(c)) && set_umask(c) && set_parent_death_signal(c) &&
           change_directory(c) && take_terminal(c) && enter_namespaces(c) && set_descriptors(c, program) &&
           unblock_signals(c) && (privileged || restrict_by_seccomp(c)) && execute(c, program));
    return 127;
}

// --- In the parent

// No handler may run in the child, where it would work on the parent's memory.
class signals_blocked {
public:
    signals_blocked()
    {
        static constexpr kernel_sigset all = ~kernel_sigset{0};
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old_, sizeof(all));
    }
    ~signals_blocked() { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old_, nullptr, sizeof(old_)); }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;

private:
    kernel_sigset old_ = 0;
};

// What the child is allowed to be, its new user may trace, and its memory is ours. The kernel makes the
// memory undumpable when ids change, which would stay: our /proc files would become root's. It does not when
// the child joins a user namespace that our user owns, but there everybody with its rights may trace the
// child. So it is undumpable from before until there is no such child any more: one at a time.
class untraceable_child {
public:
    explicit untraceable_child(const process_plan& p)
    {
        if (p.user == process_plan::ids{} && p.group == process_plan::ids{} && p.namespaces.user < 0)
            return;
        static std::mutex one_at_a_time;
        lock_ = std::unique_lock{one_at_a_time};
        was_dumpable_ = prctl(PR_GET_DUMPABLE) == 1;
        if (was_dumpable_)
            prctl(PR_SET_DUMPABLE, 0);
    }
    ~untraceable_child()
    {
        if (was_dumpable_)
            prctl(PR_SET_DUMPABLE, 1);
    }
    untraceable_child(const untraceable_child&) = delete;
    untraceable_child& operator=(const untraceable_child&) = delete;

private:
    std::unique_lock<std::mutex> lock_;
    bool was_dumpable_ = false;
};

} // namespace

created_process create_process(const process_plan& plan)
{
    creation c{.plan = plan,
               .arguments = pointers(plan.arguments),
               .environment = pointers(plan.environment),
               .shell_arguments = {shell, nullptr}};
    for (std::size_t i = 1; i < plan.arguments.size(); ++i)
        c.shell_arguments.push_back(plan.arguments[i].c_str());
    c.shell_arguments.push_back(nullptr);
    auto stack = std::make_unique_for_overwrite<std::byte[]>(child_stack_size);

    created_process result;
    {
        // In this order: if another thread changes our ids, this one does so after its signals are unblocked,
        // and what the kernel then decides about the memory stays.
        signals_blocked blocked;
        untraceable_child hidden{plan};
        result.pid = clone(run_child, stack.get() + child_stack_size,
                           CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &c, &result.pidfd);
        if (result.pid < 0) {
            result.error = errno;
            result.step = "clone";
            return result;
        }
    }
    if (c.step) {
        process_end ignored;
        reap_process(result.pidfd, ignored);
        close(result.pidfd);
        return {.error = c.error, .step = c.step};
    }
    return result;
}

} // namespace emilua
