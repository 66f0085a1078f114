// What the process gives up for good: no_new_privs, seccomp, Landlock (07 §9).
#include "core/class.hpp"
#include "data/byte_span.hpp"
#include "io/file_descriptor.hpp"
#include "system/linux/landlock.hpp"
#include "system/linux/seccomp.hpp"
#include "system/process_change.hpp"
#include "system/system.hpp"

#include <cerrno>

namespace emilua {

namespace {

using kind = process_change::kind;

int set_no_new_privs(lua_State* L)
{
    check_master(L);
    change_process(L, {.what = kind::no_new_privs});
    return 0;
}

int seccomp_set_mode_filter(lua_State* L)
{
    check_master(L);
    auto program = std::as_bytes(check<byte_span>(L, 1).bytes());
    if (!seccomp::is_program(program))
        raise_invalid_argument(L, 1);
    int error = change_process(vm::of(L).rt(), {.what = kind::seccomp_filter, .payload = program});
    if (error == ESRCH)
        raise(L, errc::no_such_process); // ours, not the kernel's: a thread that cannot follow
    if (error)
        raise_errno(L, error);
    return 0;
}

// --- Landlock

int parent_fd(lua_State* L, int index)
{
    auto* fd = test<file_descriptor>(L, index);
    if (!fd || fd->value < 0)
        raise_invalid_argument(L, "invalid parent_fd");
    if (fd->in_flight)
        raise_invalid_argument(L, "busy parent_fd");
    return fd->value;
}

constexpr landlock::argument_style style{
    .bad_argument = [](lua_State* L, int position, const char*) { raise_invalid_argument(L, position); },
    .bad_member = [](lua_State* L, const char* text) { raise_invalid_argument(L, text); },
    .ruleset = [](lua_State* L, int index) { return check_file_descriptor(L, index).value; },
    .parent = parent_fd,
};

int landlock_create_ruleset(lua_State* L)
{
    auto arguments = landlock::read_create_ruleset(L, style);
    file_descriptor& ruleset = push_file_descriptor(L);
    int result = arguments.call();
    if (result < 0)
        raise_errno(L, errno);
    if (arguments.asks_version())
        lua_pushinteger(L, result);
    else
        ruleset.value = result;
    return 1;
}

int landlock_add_rule(lua_State* L)
{
    if (landlock::read_add_rule(L, style).call() != 0)
        raise_errno(L, errno);
    return 0;
}

int landlock_restrict_self(lua_State* L)
{
    check_master(L);
    change_process(L, {.what = kind::landlock, .fd = landlock::read_restrict_self(L, style)});
    return 0;
}

} // namespace

void add_confinement(class_builder& c)
{
    c.method("set_no_new_privs", fn<set_no_new_privs>)
        .method("seccomp_set_mode_filter", fn<seccomp_set_mode_filter>)
        .method("landlock_create_ruleset", fn<landlock_create_ruleset>)
        .method("landlock_add_rule", fn<landlock_add_rule>)
        .method("landlock_restrict_self", fn<landlock_restrict_self>);
}

} // namespace emilua
