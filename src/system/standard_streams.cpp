// system.in_, .out, .err.
//
// The open file descriptions of 0, 1 and 2 are shared with other processes and must stay in blocking mode. So
// we read and write through descriptions of our own: /proc/self/fd/N opened again, non-blocking. Where that
// cannot be (sockets, no permission) we wait for readiness on a duplicate and then ask for no more than is
// ready. What cannot be polled (regular files) is always ready.
#include "core/await.hpp"
#include "core/class.hpp"
#include "data/byte_span.hpp"
#include "io/file_descriptor.hpp"
#include "system/system.hpp"

#include <algorithm>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace emilua {

namespace {

using descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

enum class access { direct, own_description, polled, socket };

// A VM's way to one of the three descriptors, made at the first transfer.
struct standard_stream {
    int fd;
    access how = access::direct;
    std::unique_ptr<descriptor> pollable; // null: direct
};

error_code last_error()
{
    return {errno, boost::system::system_category()};
}

bool may_wait(mode_t mode)
{
    return S_ISFIFO(mode) || S_ISCHR(mode) || S_ISSOCK(mode);
}

// A descriptor for waiting, -1 if the object is always ready or broken: the transfer then says what is wrong.
int open_pollable(standard_stream& s)
{
    struct stat st;
    int flags = fcntl(s.fd, F_GETFL);
    int unusable = s.fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (flags < 0 || (flags & O_ACCMODE) == unusable || fstat(s.fd, &st) != 0 || !may_wait(st.st_mode))
        return -1;
    if (!S_ISSOCK(st.st_mode)) {
        char path[40];
        std::snprintf(path, sizeof(path), "/proc/self/fd/%d", s.fd);
        int mode = s.fd == STDIN_FILENO ? O_RDONLY : O_WRONLY;
        int own = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (own >= 0) {
            s.how = access::own_description;
            return own;
        }
    }
    s.how = S_ISSOCK(st.st_mode) ? access::socket : access::polled;
    return fcntl(s.fd, F_DUPFD_CLOEXEC, 3);
}

standard_stream& stream(lua_State* L)
{
    lua_rawgeti(L, lua_upvalueindex(1), 1);
    auto* s = test<standard_stream>(L, -1);
    if (!s) {
        lua_rawgeti(L, lua_upvalueindex(1), 2);
        s = &push<standard_stream>(L, standard_stream{.fd = static_cast<int>(lua_tointeger(L, -1)),
                                                      .how = access::direct,
                                                      .pollable = {}});
        int fd = open_pollable(*s);
        if (fd >= 0) {
            try {
                s->pollable = std::make_unique<descriptor>(vm::of(L).io().get_executor(), fd);
            } catch (const boost::system::system_error&) {
                close(fd); // epoll refuses it (/dev/null): it is always ready
                s->how = access::direct;
            }
        }
        lua_rawseti(L, lua_upvalueindex(1), 1);
    }
    return *s;
}

byte_span& check_buffer(lua_State* L)
{
    return check<byte_span>(L, 2);
}

// Completes at once, but is a suspension point like the others.
void pause(lua_State* L)
{
    vm::yield(L);
}

int read_some(lua_State* L)
{
    byte_span& b = check_buffer(L);
    standard_stream& s = stream(L);
    if (s.how == access::own_description && b.size > 0) {
        lua_pushinteger(L, static_cast<lua_Integer>(await<std::size_t>(L, [&](auto token) {
                            s.pollable->async_read_some(b.as_mutable(), std::move(token));
                        })));
        return 1;
    }
    if (b.size == 0) {
        pause(L);
        lua_pushinteger(L, 0);
        return 1;
    }
    for (;;) {
        if (s.pollable)
            await(L, [&](auto token) { s.pollable->async_wait(descriptor::wait_read, std::move(token)); });
        else
            pause(L);
        ssize_t n =
            s.how == access::socket ? recv(s.fd, b.data, b.size, MSG_DONTWAIT) : read(s.fd, b.data, b.size);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            raise(L, last_error());
        if (n == 0)
            raise(L, boost::asio::error::make_error_code(boost::asio::error::eof));
        lua_pushinteger(L, n);
        return 1;
    }
}

int write_some(lua_State* L)
{
    byte_span& b = check_buffer(L);
    standard_stream& s = stream(L);
    if (b.size == 0) {
        pause(L);
        lua_pushinteger(L, 0);
        return 1;
    }
    if (s.how == access::own_description) {
        lua_pushinteger(L, static_cast<lua_Integer>(await<std::size_t>(L, [&](auto token) {
                            s.pollable->async_write_some(b.as_const(), std::move(token));
                        })));
        return 1;
    }
    for (;;) {
        if (s.pollable)
            await(L, [&](auto token) { s.pollable->async_wait(descriptor::wait_write, std::move(token)); });
        else
            pause(L);
        // A pipe that is ready has room for PIPE_BUF: a write of that size does not block.
        std::size_t size = s.how == access::polled ? std::min<std::size_t>(b.size, PIPE_BUF) : b.size;
        ssize_t n =
            s.how == access::socket ? send(s.fd, b.data, size, MSG_DONTWAIT) : write(s.fd, b.data, size);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            raise(L, last_error());
        lua_pushinteger(L, n);
        return 1;
    }
}

int number_of(lua_State* L)
{
    lua_rawgeti(L, lua_upvalueindex(1), 2);
    int fd = static_cast<int>(lua_tointeger(L, -1));
    lua_pop(L, 1);
    return fd;
}

int dup(lua_State* L)
{
    int fd = number_of(L);
    register_file_descriptor(L);
    file_descriptor& copy = push_file_descriptor(L);
    copy.value = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy.value < 0)
        raise(L, last_error());
    return 1;
}

int is_terminal(lua_State* L)
{
    lua_pushboolean(L, isatty(number_of(L)));
    return 1;
}

int get_foreground(lua_State* L)
{
    pid_t group = tcgetpgrp(number_of(L));
    if (group < 0)
        raise(L, last_error());
    lua_pushinteger(L, group);
    return 1;
}

int set_foreground(lua_State* L)
{
    auto group = static_cast<pid_t>(luaL_checkinteger(L, 2));
    if (tcsetpgrp(number_of(L), group) != 0)
        raise(L, last_error());
    return 0;
}

// The methods ignore self. They share an upvalue table: 1 the stream once it is used, 2 the descriptor's
// number.
void push_stream(lua_State* L, int fd, const char* transfer, lua_CFunction f)
{
    if (!vm::of(L).find_class(detail::class_id<standard_stream>).metatable)
        class_<standard_stream>{L, "standard_stream"};
    lua_newtable(L);
    lua_newtable(L);
    lua_pushinteger(L, fd);
    lua_rawseti(L, -2, 2);
    const function methods[] = {{transfer, f},
                                {"dup", fn<dup>},
                                {"isatty", fn<is_terminal>},
                                {"tcgetpgrp", fn<get_foreground>},
                                {"tcsetpgrp", fn<set_foreground>}};
    for (const function& m : methods) {
        lua_pushvalue(L, -1);
        lua_pushcclosure(L, m.f, 1);
        lua_setfield(L, -3, m.name);
    }
    lua_pop(L, 1);
}

} // namespace

void push_standard_input(lua_State* L)
{
    push_stream(L, STDIN_FILENO, "read_some", fn<read_some>);
}

void push_standard_output(lua_State* L, int fd)
{
    push_stream(L, fd, "write_some", fn<write_some>);
}

} // namespace emilua
