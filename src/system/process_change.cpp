#include "system/process_change.hpp"

#include "core/runtime.hpp"
#include "core/vm.hpp"
#include "system/linux/all_threads.hpp"
#include "system/linux/capability.hpp"
#include "system/linux/landlock.hpp"
#include "system/linux/seccomp.hpp"

#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <mutex>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

namespace emilua {

namespace {

using kind = process_change::kind;

int error_of(int result)
{
    return result < 0 ? errno : 0;
}

// The working directory stays what it is. Threads share it: for a process of one thread.
int change_root_to(int fd)
{
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here < 0)
        return errno;
    int error = error_of(fchdir(fd));
    if (!error)
        error = error_of(chroot("."));
    if (fchdir(here) != 0 && !error)
        error = errno;
    close(here);
    return error;
}

// What the kernel changes for the calling thread only.
int apply_to_thread(const process_change& c)
{
    auto capability = static_cast<cap_value_t>(c.number[0]);
    switch (c.what) {
    case kind::capabilities: return error_of(capability::set_thread(c.number));
    case kind::drop_bound: return error_of(capability::drop_bound(capability));
    case kind::set_ambient: return error_of(capability::set_ambient(capability, c.number[1]));
    case kind::reset_ambient: return error_of(capability::reset_ambient());
    case kind::securebits: return error_of(capability::set_securebits(static_cast<unsigned>(c.number[0])));
    case kind::no_new_privs: return error_of(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    case kind::landlock: return error_of(landlock::restrict_self(c.fd));
    default: return EINVAL;
    }
}

int apply_to_thread(void* change)
{
    return apply_to_thread(*static_cast<const process_change*>(change));
}

// The fork server may see another file under the path: it gets the directory.
bool mirror(runtime& rt, const process_change& change)
{
    if (!rt.mirror)
        return true;
    if (change.what != kind::root)
        return rt.mirror(change);
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool ok = root >= 0 && rt.mirror({.what = kind::root, .fd = root});
    close(root);
    return ok;
}

} // namespace

int apply(const process_change& c, threads which)
{
    auto id = [&](int i) { return static_cast<uid_t>(c.number[static_cast<std::size_t>(i)]); };
    switch (c.what) {
    case kind::working_directory: return error_of(fchdir(c.fd));
    case kind::root:
        if (c.payload.empty())
            return change_root_to(c.fd);
        return error_of(chroot(reinterpret_cast<const char*>(c.payload.data())));
    // glibc has the three on all threads.
    case kind::resuid: return error_of(setresuid(id(0), id(1), id(2)));
    case kind::resgid: return error_of(setresgid(id(0), id(1), id(2)));
    case kind::groups:
        return error_of(
            setgroups(c.payload.size() / sizeof(gid_t), reinterpret_cast<const gid_t*>(c.payload.data())));
    case kind::seccomp_filter:
        return seccomp::set_filter(c.payload, which == threads::all ? seccomp::scope::all_threads
                                                                    : seccomp::scope::thread);
    default:
        if (which == threads::one)
            return apply_to_thread(c);
        return on_all_threads(apply_to_thread, const_cast<process_change*>(&c));
    }
}

int change_process(runtime& rt, const process_change& change)
{
    static std::mutex one_at_a_time; // the role of the master VM may move
    std::lock_guard lock{one_at_a_time};
    if (change.what != kind::working_directory)
        prepare_all_threads();
    std::unique_lock<std::mutex> held;
    if (rt.hold_subprocesses)
        held = rt.hold_subprocesses();
    if (int error = apply(change, threads::all))
        return error;
    if (!mirror(rt, change)) {
        constexpr std::string_view text =
            "the fork server could not give up the rights that the program gave up\n";
        [[maybe_unused]] auto r = write(STDERR_FILENO, text.data(), text.size());
        _exit(1); // a half-dropped privilege is worse than death
    }
    return 0;
}

void change_process(lua_State* L, const process_change& change)
{
    if (int error = change_process(vm::of(L).rt(), change))
        raise_errno(L, error);
}

} // namespace emilua
