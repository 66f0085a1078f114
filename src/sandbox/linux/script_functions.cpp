// Every function of init scripts on Linux: its name, what it calls (the parameters say which arguments it
// takes), and which arguments may be nil.
#include "sandbox/linux/script_landlock.hpp"
#include "sandbox/script_exec.hpp"
#include "sandbox/script_io.hpp"
#include "sandbox/script_table.hpp"
#include "system/linux/capability.hpp"
#include "system/linux/seccomp.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace emilua::init_script {

namespace {

struct capability_name {
    cap_value_t number;
};

} // namespace

template <>
struct argument<capability_name> {
    static capability_name get(lua_State* L, int index)
    {
        auto number = capability::find(check_string(L, index));
        if (!number)
            reject_argument(L);
        return {*number};
    }
};

namespace {

int set_capabilities(lua_State* L)
{
    capability::set set{cap_from_text(argument<const char*>::get(L, 1))};
    if (!set)
        reject_argument(L);
    return push_result(L, capability::set_thread(capability::to_bits(set.get())));
}

int set_filter(std::string_view program)
{
    auto bytes = std::as_bytes(std::span{program});
    errno = seccomp::is_program(bytes) ? seccomp::set_filter(bytes, seccomp::scope::thread) : EINVAL;
    return errno ? -1 : 0;
}

int set_no_new_privs()
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

constexpr function helper_table[] = {
    {"mode", mode},
    {"receive_with_fd", receive_with_fd},
    {"send_with_fd", send_with_fd},
    {"set_no_new_privs", call<set_no_new_privs>},
    {"write_all", write_all},
};

constexpr function function_table[] = {
    {"cap_drop_bound", call<[](capability_name cap) { return capability::drop_bound(cap.number); }>},
    {"cap_reset_ambient", call<capability::reset_ambient>},
    {"cap_set_ambient",
     call<[](capability_name cap, bool on) { return capability::set_ambient(cap.number, on); }>},
    {"cap_set_proc", set_capabilities},
    {"cap_set_secbits", call<capability::set_securebits>},
    {"chdir", call<::chdir>},
    {"chmod", call<::chmod>},
    {"chown", call<::chown>},
    {"chroot", call<::chroot>},
    {"execve", execve},
    {"fexecve", fexecve},
    {"landlock_add_rule", landlock_add_rule},
    {"landlock_create_ruleset", landlock_create_ruleset},
    {"landlock_restrict_self", landlock_restrict_self},
    {"link", call<::link>},
    {"makedev", call<[](unsigned major, unsigned minor) { return makedev(major, minor); }>},
    {"mkdir", call<::mkdir>},
    {"mkfifo", call<::mkfifo>},
    {"mknod", call<::mknod>},
    {"mount", call<::mount, may_be_nil(1, 3, 5)>},
    {"open",
     call<[](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }, may_be_nil(3)>},
    {"pivot_root",
     call<[](const char* root, const char* old) { return syscall(SYS_pivot_root, root, old); }>},
    {"read", read},
    {"seccomp_set_mode_filter", call<set_filter>},
    {"setdomainname", call<[](std::string_view name) { return ::setdomainname(name.data(), name.size()); }>},
    {"setgroups", setgroups},
    {"sethostname", call<[](std::string_view name) { return ::sethostname(name.data(), name.size()); }>},
    {"setns", call<::setns>},
    {"setpgid", call<::setpgid>},
    {"setresgid", call<::setresgid>},
    {"setresuid", call<::setresuid>},
    {"setsid", call<::setsid>},
    {"symlink", call<::symlink>},
    {"umask", call<::umask>},
    {"umount", call<::umount>},
    {"umount2", call<::umount2>},
    {"unshare", call<::unshare>},
    {"write", call<[](int fd, std::string_view text) { return ::write(fd, text.data(), text.size()); }>},
};

} // namespace

const std::span<const function> helpers = helper_table;
const std::span<const function> functions = function_table;

} // namespace emilua::init_script
