#include "sandbox/linux/refusal.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sched.h>
#include <unistd.h>

namespace emilua {

namespace {

std::optional<long> read_sysctl(const std::string& path)
{
    int fd = open(("/proc/sys/" + path).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return {};
    char text[32];
    ssize_t size = read(fd, text, sizeof(text));
    close(fd);
    long value;
    if (size <= 0 || std::from_chars(text, text + size, value).ec != std::errc{})
        return {};
    return value;
}

std::string explain_permission(std::uint64_t namespaces)
{
    if (!(namespaces & CLONE_NEWUSER))
        return "only a privileged process may make these namespaces alone: add newns_user = true";
    if (read_sysctl("kernel/unprivileged_userns_clone") == 0)
        return "user namespaces are for root only: set sysctl kernel.unprivileged_userns_clone = 1";
    if (read_sysctl("kernel/apparmor_restrict_unprivileged_userns") == 1)
        return "AppArmor restricts user namespaces: give the program a profile with `userns,`, or set sysctl "
               "kernel.apparmor_restrict_unprivileged_userns = 0";
    return "user namespaces are refused: a chroot, an id that its own user namespace does not map, a seccomp "
           "filter "
           "or a security module forbids them";
}

std::string explain_limit(std::uint64_t namespaces)
{
    static constexpr struct {
        std::uint64_t flag;
        const char* name;
    } kinds[] = {{CLONE_NEWUSER, "user"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWNS, "mnt"},
                 {CLONE_NEWNET, "net"},   {CLONE_NEWUTS, "uts"}, {CLONE_NEWIPC, "ipc"}};
    for (auto& kind : kinds) {
        std::string name = fmt::format("user/max_{}_namespaces", kind.name);
        if ((namespaces & kind.flag) && read_sysctl(name) == 0)
            return fmt::format("namespaces are disabled: raise sysctl user.max_{}_namespaces", kind.name);
    }
    return "there are too many namespaces (sysctl user.max_*_namespaces), or they are nested more than 32 "
           "levels deep";
}

} // namespace

std::string explain_refusal(int error, std::uint64_t namespaces)
{
    std::string text = std::strerror(error);
    switch (error) {
    case EPERM:
        if (namespaces)
            return fmt::format("{}: {}", text, explain_permission(namespaces));
        break;
    case ENOSPC:
    case EUSERS: return fmt::format("{}: {}", text, explain_limit(namespaces));
    case EAGAIN:
        return fmt::format("{}: too many processes: RLIMIT_NPROC, pids.max of the control group, or sysctl "
                           "kernel.pid_max or kernel.threads-max",
                           text);
    case EINVAL:
        if (namespaces)
            return fmt::format("{}: the kernel was built without one of these namespaces", text);
        break;
    case ENOSYS: return fmt::format("{}: clone3(2) is missing, or hidden by a seccomp filter", text);
    case ETOOMANYREFS:
        return fmt::format("{}: too many descriptors of this user are in sockets: raise RLIMIT_NOFILE", text);
    case EMFILE: return fmt::format("{}: raise RLIMIT_NOFILE", text);
    case ENFILE: return fmt::format("{}: raise sysctl fs.file-max", text);
    case EPIPE: return fmt::format("{}: the fork server has ended", text);
    }
    return text;
}

} // namespace emilua
