#include "sandbox/script_io.hpp"

#include "sandbox/script_call.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace emilua::init_script {

namespace {

std::size_t check_size(lua_State* L, int index)
{
    lua_Integer size = luaL_checkinteger(L, index);
    luaL_argcheck(L, size >= 0, index, "size must not be negative");
    return static_cast<std::size_t>(size);
}

// Exactly one descriptor: the kernel drops what does not fit, and CMSG_SPACE would have room for two.
union one_descriptor {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
    static constexpr std::size_t size = CMSG_LEN(sizeof(int));
};

} // namespace

int mode(lua_State* L)
{
    lua_Integer user = luaL_checkinteger(L, 1), group = luaL_checkinteger(L, 2),
                other = luaL_checkinteger(L, 3);
    lua_pushinteger(L, user * 0100 + group * 010 + other);
    return 1;
}

int read(lua_State* L)
{
    int fd = argument<int>::get(L, 1);
    script_buffer buffer{arena_of(L), check_size(L, 2)};
    ssize_t n = ::read(fd, buffer.data(), buffer.size());
    int error = n == -1 ? errno : 0;
    if (error != 0) {
        failed(L, error);
        lua_pushnil(L);
    } else {
        lua_pushlstring(L, buffer.data(), n);
    }
    lua_pushinteger(L, error);
    return 2;
}

int write_all(lua_State* L)
{
    int fd = argument<int>::get(L, 1);
    std::string_view text = check_string(L, 2), rest = text;
    while (!rest.empty()) {
        ssize_t n = ::write(fd, rest.data(), rest.size());
        if (n >= 0)
            rest.remove_prefix(n);
        else if (errno != EINTR)
            return push_result(L, -1);
    }
    return push_result(L, text.size());
}

int receive_with_fd(lua_State* L)
{
    int fd = argument<int>::get(L, 1);
    script_buffer buffer{arena_of(L), check_size(L, 2)};
    iovec data{buffer.data(), buffer.size()};
    one_descriptor control;
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = one_descriptor::size;
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    int error = n == -1 ? errno : 0;
    int received = -1;
    if (error != 0) {
        failed(L, error);
        lua_pushnil(L);
    } else {
        const cmsghdr* header = CMSG_FIRSTHDR(&message);
        if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
            std::memcpy(&received, CMSG_DATA(header), sizeof(received));
        lua_pushlstring(L, buffer.data(), n);
    }
    lua_pushinteger(L, received);
    lua_pushinteger(L, error);
    return 3;
}

int send_with_fd(lua_State* L)
{
    int fd = argument<int>::get(L, 1);
    std::string_view text = check_string(L, 2);
    int sent = argument<int>::get(L, 3);
    iovec data{const_cast<char*>(text.data()), text.size()};
    one_descriptor control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof(control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = one_descriptor::size;
    std::memcpy(CMSG_DATA(&control.header), &sent, sizeof(sent));
    return push_result(L, sendmsg(fd, &message, 0));
}

} // namespace emilua::init_script
