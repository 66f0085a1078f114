// What the process has once: working directory, root, umask (06 §5.4, §6.5).
#include "core/class.hpp"
#include "filesystem/filesystem.hpp"
#include "filesystem/path.hpp"
#include "io/file_descriptor.hpp"
#include "system/process_change.hpp"
#include "system/system.hpp"

#include <cerrno>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/stat.h>

namespace emilua {

namespace {

using kind = process_change::kind;

// Raises an error about the path at `index`.
[[noreturn]] void raise_about_path(lua_State* L, error_code ec, int index)
{
    push_error(L, ec);
    lua_pushliteral(L, "path1");
    lua_pushvalue(L, index);
    lua_rawset(L, -3);
    lua_error(L);
    __builtin_unreachable();
}

// What system calls take: without a 0 inside.
const std::string& check_system_path(lua_State* L, int index)
{
    const std::string& text = check<path>(L, index).value.native();
    if (text.find('\0') != text.npos)
        raise_about_path(L, errc::make_error_code(errc::invalid_argument), index);
    return text;
}

// Resolved once: the fork server may see another directory under the path.
void change_directory(lua_State* L)
{
    file_descriptor directory;
    directory.value = open(check_system_path(L, 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error =
        directory.value < 0
            ? errno
            : change_process(vm::of(L).rt(), {.what = kind::working_directory, .fd = directory.value});
    if (error)
        raise_about_path(L, error_code{error, boost::system::generic_category()}, 1);
}

int current_working_directory(lua_State* L)
{
    if (lua_isnoneornil(L, 1)) {
        std::error_code ec;
        auto current = std::filesystem::current_path(ec);
        if (ec)
            raise(L, error_code{ec.value(), boost::system::generic_category()});
        push<path>(L, path{std::move(current)});
        return 1;
    }
    check_master(L);
    if (test<file_descriptor>(L, 1))
        change_process(L, {.what = kind::working_directory, .fd = check_file_descriptor(L, 1).value});
    else
        change_directory(L);
    return 0;
}

int change_root(lua_State* L)
{
    check_master(L);
    const std::string& root = check_system_path(L, 1);
    auto text = std::as_bytes(std::span{root.c_str(), root.size() + 1});
    if (int error = change_process(vm::of(L).rt(), {.what = kind::root, .payload = text}))
        raise_about_path(L, error_code{error, boost::system::system_category()}, 1);
    return 0;
}

int set_umask(lua_State* L)
{
    check_master(L);
    lua_pushinteger(L, umask(static_cast<mode_t>(luaL_checkinteger(L, 1)) & 0777));
    return 1;
}

} // namespace

void add_process_state(class_builder& c)
{
    c.method("current_working_directory", fn<current_working_directory>)
        .method("chroot", fn<change_root>)
        .method("umask", fn<set_umask>);
}

} // namespace emilua
