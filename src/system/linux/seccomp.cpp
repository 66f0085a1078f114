#include "system/linux/seccomp.hpp"

#include <cerrno>
#include <cstdint>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace emilua::seccomp {

bool is_program(std::span<const std::byte> program)
{
    return !program.empty() && program.size() % sizeof(sock_filter) == 0;
}

int set_filter(std::span<const std::byte> program, scope s)
{
    std::size_t count = program.size() / sizeof(sock_filter);
    if (count > UINT16_MAX)
        return EINVAL; // it would wrap
    sock_fprog p;
    p.len = static_cast<unsigned short>(count);
    // The kernel copies it, from any alignment.
    p.filter = reinterpret_cast<sock_filter*>(const_cast<std::byte*>(program.data()));
    unsigned flags = s == scope::all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0;
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
    if (r < 0)
        return errno;
    return r == 0 ? 0 : ESRCH; // positive: the thread
}

} // namespace emilua::seccomp
