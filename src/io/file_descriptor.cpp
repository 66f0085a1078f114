#include "io/file_descriptor.hpp"

#include "core/class.hpp"
#include "system/capabilities.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace emilua {

namespace {

// Self, raising EBUSY while it is being sent.
file_descriptor& check_at_rest(lua_State* L)
{
    auto& self = check<file_descriptor>(L, 1);
    if (self.in_flight)
        raise(L, errc::device_or_resource_busy);
    return self;
}

file_descriptor& check_self(lua_State* L)
{
    auto& self = check_at_rest(L);
    if (self.value < 0)
        raise_errno(L, EBADF);
    return self;
}

int close(lua_State* L)
{
    check_at_rest(L).close();
    return 0;
}

int dup(lua_State* L)
{
    auto& self = check_self(L);
    auto& copy = push_file_descriptor(L);
    copy.value = fcntl(self.value, F_DUPFD_CLOEXEC, 0);
    if (copy.value < 0)
        raise_errno(L, errno);
    return 1;
}

int tostring(lua_State* L)
{
    lua_pushfstring(L, "/dev/fd/%d", check_self(L).value);
    return 1;
}

int cap_get(lua_State* L)
{
    push_capabilities(L, cap_get_fd(check_self(L).value));
    return 1;
}

int cap_set(lua_State* L)
{
    auto& self = check_self(L);
    if (cap_set_fd(self.value, check<linux_capabilities>(L, 2).value.get()) != 0)
        raise_errno(L, errno);
    return 0;
}

// Capsicum is FreeBSD's.
int no_capsicum(lua_State* L)
{
    check<file_descriptor>(L, 1);
    raise(L, errc::function_not_supported);
}

} // namespace

void close_without_waiting(int fd)
{
    linger l;
    socklen_t size = sizeof(l);
    // A time of 0 does not wait: it resets the connection.
    if (::getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &size) == 0 && l.l_onoff && l.l_linger > 0) {
        l = {};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, size);
    }
    ::close(fd);
}

void file_descriptor::close()
{
    if (value >= 0)
        close_without_waiting(release());
}

// Made with the first object: most VMs have none.
static void register_file_descriptor(lua_State* L)
{
    define_once<file_descriptor>(L, [L] {
        class_<file_descriptor>{L, "file_descriptor"}
            .method("close", fn<close>)
            .method("dup", fn<dup>)
            .method("cap_get", fn<cap_get>)
            .method("cap_set", fn<cap_set>)
            .method("cap_rights_limit", fn<no_capsicum>)
            .method("cap_ioctls_limit", fn<no_capsicum>)
            .method("cap_fcntls_limit", fn<no_capsicum>)
            .metamethod("__tostring", fn<tostring>);
    });
}

file_descriptor& push_file_descriptor(lua_State* L)
{
    register_file_descriptor(L);
    return push<file_descriptor>(L);
}

file_descriptor& check_file_descriptor(lua_State* L, int index)
{
    auto& fd = check<file_descriptor>(L, index);
    if (fd.in_flight)
        raise(L, errc::device_or_resource_busy);
    if (fd.value < 0)
        raise_invalid_argument(L, index);
    return fd;
}

file_descriptor& check_file_descriptor(lua_State* L, int index, std::string_view option)
{
    auto* fd = test<file_descriptor>(L, index);
    if (fd && fd->in_flight)
        raise(L, errc::device_or_resource_busy, {{"arg", option}});
    if (!fd || fd->value < 0)
        raise_invalid_argument(L, option);
    return *fd;
}

} // namespace emilua
