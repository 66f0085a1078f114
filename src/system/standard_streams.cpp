// system.in_, .out, .err.
//
// The open file descriptions of 0, 1 and 2 are shared with other processes and must stay in the mode they
// are in, blocking as a rule. So terminals and pipes get a description of our own: /proc/self/fd/N opened
// again, non-blocking. Where that cannot be (sockets, no permission, devices that are another one when they
// are opened again) we wait for readiness and ask for no more than is ready. What cannot be polled (regular
// files, /dev/null) is always ready.
#include "core/arguments.hpp"
#include "core/class.hpp"
#include "data/byte_span.hpp"
#include "io/file_descriptor.hpp"
#include "io/operation_queue.hpp"
#include "io/terminal.hpp"
#include "system/system.hpp"

#include <algorithm>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

namespace emilua {

namespace {

using descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

enum class access { direct, own_description, shared, socket };

// A VM's way to one of the three descriptors, made at the first transfer.
struct standard_stream {
    standard_stream(boost::asio::io_context& io, int number);

    int fd; // for the transfers
    access how = access::direct;
    file_descriptor own;
    // Readable when `fd` is ready: an epoll instance, because Asio would make `fd` itself non-blocking to
    // wait for it. Empty: always ready, or broken; the transfer then says what is wrong.
    std::optional<descriptor> readiness;
    operation_queue pending;
};

[[noreturn]] void throw_last_error()
{
    throw boost::system::system_error{errno, boost::system::system_category()};
}

bool may_be_reopened(int fd, mode_t mode)
{
    int ignored;
    bool is_master = ioctl(fd, TIOCGPTN, &ignored) == 0; // /dev/ptmx: a new terminal each time it is opened
    return S_ISFIFO(mode) || (isatty(fd) && !is_master);
}

// Another description of the same object, or -1.
int reopen(int fd)
{
    char path[40];
    std::snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, (fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

standard_stream::standard_stream(boost::asio::io_context& io, int number)
    : fd{number}
{
    struct stat st;
    int flags = fcntl(number, F_GETFL);
    int unusable = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (flags < 0 || (flags & O_ACCMODE) == unusable || fstat(number, &st) != 0)
        return;
    if (may_be_reopened(number, st.st_mode) && (own.value = reopen(number)) >= 0)
        fd = own.value;
    file_descriptor poller;
    poller.value = epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = number == STDIN_FILENO ? EPOLLIN : EPOLLOUT;
    if (poller.value < 0)
        throw_last_error();
    if (epoll_ctl(poller.value, EPOLL_CTL_ADD, fd, &event) != 0) {
        if (errno == EPERM || errno == EBADF) // no such operation, or no descriptor for transfers
            return;
        throw_last_error();
    }
    readiness.emplace(io, poller.value);
    poller.release();
    how = own.value >= 0 ? access::own_description : S_ISSOCK(st.st_mode) ? access::socket : access::shared;
}

bool is_ready(int fd, short events)
{
    pollfd p{.fd = fd, .events = events, .revents = 0};
    return poll(&p, 1, 0) > 0;
}

// Without RWF_NOWAIT (terminals, old kernels). A pipe that is ready has room for PIPE_BUF, a terminal for a
// character.
ssize_t write_what_is_ready(int fd, const unsigned char* data, std::size_t size)
{
    std::size_t chunk = isatty(fd) ? 1 : PIPE_BUF;
    std::size_t done = 0;
    while (done < size && is_ready(fd, POLLOUT)) {
        ssize_t n = write(fd, data + done, std::min(chunk, size - done));
        if (n < 0)
            return done > 0 ? static_cast<ssize_t>(done) : -1;
        done += static_cast<std::size_t>(n);
    }
    if (done > 0)
        return static_cast<ssize_t>(done);
    errno = EAGAIN;
    return -1;
}

ssize_t try_read(standard_stream& s, byte_span& b)
{
    if (s.how == access::socket)
        return recv(s.fd, b.data, b.size, MSG_DONTWAIT);
    if (s.how != access::shared)
        return read(s.fd, b.data, b.size);
    iovec v{b.data, b.size};
    ssize_t n = preadv2(s.fd, &v, 1, -1, RWF_NOWAIT);
    if (n >= 0 || errno != EOPNOTSUPP)
        return n;
    if (is_ready(s.fd, POLLIN))
        return read(s.fd, b.data, b.size);
    errno = EAGAIN;
    return -1;
}

ssize_t try_write(standard_stream& s, byte_span& b)
{
    if (s.how == access::socket)
        return send(s.fd, b.data, b.size, MSG_DONTWAIT);
    if (s.how != access::shared)
        return write(s.fd, b.data, b.size);
    iovec v{b.data, b.size};
    ssize_t n = pwritev2(s.fd, &v, 1, -1, RWF_NOWAIT);
    return n < 0 && errno == EOPNOTSUPP ? write_what_is_ready(s.fd, b.data, b.size) : n;
}

standard_stream& stream(lua_State* L)
{
    lua_rawgeti(L, lua_upvalueindex(1), 1);
    auto* s = test<standard_stream>(L, -1);
    if (!s) {
        lua_rawgeti(L, lua_upvalueindex(1), 2);
        s = &push<standard_stream>(L, vm::of(L).io(), static_cast<int>(lua_tointeger(L, -1)));
        lua_rawseti(L, lua_upvalueindex(1), 1);
    }
    return *s;
}

// The buffer goes to or comes from the stream: returns the count. An empty one waits for nothing.
std::size_t transfer(lua_State* L, byte_span& buffer, ssize_t (*attempt)(standard_stream&, byte_span&))
{
    if (buffer.size == 0) {
        vm::yield(L);
        return 0;
    }
    standard_stream& s = stream(L);
    return perform(
        L, s.pending, [&](auto token) { s.readiness->async_wait(descriptor::wait_read, std::move(token)); },
        [&]() -> ssize_t {
            for (;;) {
                ssize_t n = attempt(s, buffer);
                if (n >= 0)
                    return n;
                if (errno == EAGAIN && !s.readiness)
                    return -EIO; // never seen; there is nothing to wait for
                if (errno != EINTR)
                    return -errno;
            }
        });
}

int read_some(lua_State* L)
{
    auto& buffer = check<byte_span>(L, 2);
    std::size_t count = transfer(L, buffer, try_read);
    if (count == 0 && buffer.size > 0)
        raise(L, boost::asio::error::make_error_code(boost::asio::error::eof));
    lua_pushinteger(L, static_cast<lua_Integer>(count));
    return 1;
}

int write_some(lua_State* L)
{
    auto& buffer = check<byte_span>(L, 2);
    lua_pushinteger(L, static_cast<lua_Integer>(transfer(L, buffer, try_write)));
    return 1;
}

int number_of(lua_State* L)
{
    lua_rawgeti(L, lua_upvalueindex(1), 2);
    int fd = static_cast<int>(lua_tointeger(L, -1));
    lua_pop(L, 1);
    return fd;
}

// Closed from the start: its number is held by /dev/null with O_PATH (see cli/process.cpp), which is no
// stream.
bool was_closed(int fd)
{
    struct stat st;
    return (fcntl(fd, F_GETFL) & O_PATH) && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
           st.st_rdev == makedev(1, 3);
}

int dup(lua_State* L)
{
    int fd = number_of(L);
    if (was_closed(fd))
        raise_errno(L, EBADF);
    file_descriptor& copy = push_file_descriptor(L);
    copy.value = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy.value < 0)
        raise_errno(L, errno);
    return 1;
}

int is_terminal(lua_State* L)
{
    lua_pushboolean(L, isatty(number_of(L)));
    return 1;
}

int get_foreground(lua_State* L)
{
    push_foreground_group(L, number_of(L));
    return 1;
}

int set_foreground(lua_State* L)
{
    set_foreground_group(L, number_of(L), check_int(L, 2));
    return 0;
}

// The methods ignore self. They share an upvalue table: 1 the stream once it is used, 2 the descriptor's
// number.
void push_stream(lua_State* L, int fd, const char* transfer, lua_CFunction f)
{
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
