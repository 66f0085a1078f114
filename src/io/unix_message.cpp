#include "io/unix_message.hpp"

#include "core/class.hpp"
#include "filesystem/path.hpp"
#include "io/scm_rights.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

namespace emilua {

namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

msghdr make_header(iovec& bytes)
{
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    return header;
}

} // namespace

// --- Addresses

unix_address check_unix_address(lua_State* L, int index)
{
    std::string_view text = check<path>(L, index).value.native();
    unix_address result;
    if (text.size() >= sizeof(result.value.sun_path))
        raise(L, errc::filename_too_long, {{"arg", index}});
    // Only a leading NUL has a meaning, and after it all bytes count.
    if (!text.starts_with('\0') && text.find('\0') != text.npos)
        raise_invalid_argument(L, index);
    result.value.sun_family = AF_UNIX;
    std::ranges::copy(text, result.value.sun_path);
    result.size = static_cast<socklen_t>(path_offset + text.size());
    return result;
}

bool has_name(const unix_address& address)
{
    return address.size > path_offset;
}

void push_unix_address(lua_State* L, const unix_address& address)
{
    std::string_view text;
    if (has_name(address)) {
        // The kernel may tell a size that includes a terminator beyond the structure.
        auto size = std::min<std::size_t>(address.size, sizeof(address.value));
        text = {address.value.sun_path, size - path_offset};
        if (!text.starts_with('\0'))
            text = text.substr(0, text.find('\0'));
    }
    push<path>(L, path{text});
}

// --- Descriptors

void outgoing_descriptors::add(lua_State* L, int index)
{
    luaL_checktype(L, index, LUA_TTABLE);
    luaL_checkstack(L, limit + LUA_MINSTACK, "too many descriptors");
    for (int i = 1;; ++i) {
        lua_rawgeti(L, index, i);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            return;
        }
        auto* fd = test<file_descriptor>(L, -1);
        if (!fd || fd->value < 0)
            raise_invalid_argument(L, index);
        if (lock_.full() && !fd->in_flight)
            raise_errno(L, EINVAL);
        if (lock_.add(L, *fd))
            values_[count_++] = fd->value;
        else
            lua_pop(L, 1);
    }
}

void incoming_descriptors::add(int fd)
{
    file_descriptor owner;
    owner.value = fd;
    if (count_ < maximum_)
        values_[count_++].value = owner.release();
}

void incoming_descriptors::push(lua_State* L)
{
    lua_createtable(L, static_cast<int>(count_), 0);
    for (std::size_t i = 0; i < count_; ++i) {
        auto& fd = push_file_descriptor(L); // first: it may raise
        fd.value = values_[i].release();
        lua_rawseti(L, -2, static_cast<int>(i + 1));
    }
}

std::size_t check_descriptor_limit(lua_State* L, int index)
{
    luaL_checktype(L, index, LUA_TNUMBER);
    lua_Number n = lua_tonumber(L, index);
    if (!(n >= 1))
        raise_invalid_argument(L, index);
    return static_cast<std::size_t>(std::min<lua_Number>(n, incoming_descriptors::limit));
}

// --- Transfer

ssize_t send_unix_message(int socket, std::span<const unsigned char> bytes, int flags, const unix_address* to,
                          const outgoing_descriptors* descriptors)
{
    iovec vector{const_cast<unsigned char*>(bytes.data()), bytes.size()};
    msghdr header = make_header(vector);
    if (to) {
        header.msg_name = const_cast<sockaddr_un*>(&to->value);
        header.msg_namelen = to->size;
    }
    alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int) * outgoing_descriptors::limit)];
    if (descriptors && !descriptors->get().empty())
        attach_descriptors(header, control, descriptors->get());
    ssize_t n = ::sendmsg(socket, &header, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    return n < 0 ? -errno : n;
}

ssize_t receive_unix_message(int socket, std::span<unsigned char> bytes, int flags, unix_address* from,
                             incoming_descriptors* descriptors)
{
    iovec vector{bytes.data(), bytes.size()};
    msghdr header = make_header(vector);
    if (from) {
        header.msg_name = &from->value;
        header.msg_namelen = sizeof(from->value);
    }
    // Credentials come first if somebody asked for them on this socket before we got it. If not, their room
    // may bring a few descriptors more than wanted.
    constexpr std::size_t credentials = CMSG_SPACE(sizeof(ucred));
    alignas(
        cmsghdr) unsigned char control[credentials + CMSG_SPACE(sizeof(int) * incoming_descriptors::limit)];
    if (descriptors) {
        header.msg_control = control;
        header.msg_controllen = credentials + CMSG_LEN(sizeof(int) * descriptors->maximum());
    }
    ssize_t n = ::recvmsg(socket, &header, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        return -errno;
    if (from)
        from->size = header.msg_namelen;
    if (descriptors)
        take_descriptors(header, [&](int fd) { descriptors->add(fd); });
    return n;
}

} // namespace emilua
