#include "sandbox/ipc_outgoing.hpp"

#include "actor/channel.hpp"
#include "core/class.hpp"
#include "io/scm_rights.hpp"
#include "sandbox/ipc_receiver.hpp"

#include <cerrno>
#include <span>
#include <sys/socket.h>

namespace emilua {

namespace {

constexpr const char* too_long = "a string of more than 255 bytes cannot be sent to another process";
static_assert(ipc_string_limit == 255);

// False: too long.
bool to_text(lua_State* L, int index, std::string_view& out)
{
    std::size_t size;
    const char* text = lua_tolstring(L, index, &size);
    out = {text, size};
    return size <= ipc_string_limit;
}

[[noreturn]] void refuse(lua_State* L, int index, const char* why)
{
    raise(L, errc::invalid_argument, {{"arg", index}, {"message", why}});
}

} // namespace

void outgoing_ipc_message::encode(lua_State* L, int index)
{
    luaL_checkstack(L, ipc_member_limit + 4, nullptr);
    if (lua_istable(L, index))
        return put_dictionary(L, index);
    content_.scalar();
    lua_pushvalue(L, index);
    if (auto why = put(L))
        refuse(L, index, why);
}

void outgoing_ipc_message::put_dictionary(lua_State* L, int index)
{
    if (lua_getmetatable(L, index))
        refuse(L, index, "a table with a metatable cannot be sent");
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            lua_pop(L, 1);
            continue;
        }
        std::string_view key;
        if (content_.count() == ipc_member_limit)
            refuse(L, index, "a table with so many members cannot be sent to another process");
        if (!to_text(L, -2, key))
            refuse(L, index, too_long);
        content_.key(key);
        if (auto why = put(L))
            refuse(L, index, lua_pushfstring(L, "%s: %s", key.data(), why));
    }
    if (content_.count() == 0)
        refuse(L, index, "a table without string keys cannot be sent to another process");
}

// The value on top of the stack (popped; a borrowed descriptor is moved below the value under it). Returns
// why it cannot be sent, then it stays; null: it can.
const char* outgoing_ipc_message::put(lua_State* L)
{
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN: content_.put(static_cast<bool>(lua_toboolean(L, -1))); break;
    case LUA_TNUMBER: content_.put(lua_tonumber(L, -1)); break;
    case LUA_TSTRING: {
        std::string_view text;
        if (!to_text(L, -1, text))
            return too_long;
        content_.put(text);
        break;
    }
    case LUA_TUSERDATA:
        if (auto* fd = test<file_descriptor>(L, -1)) {
            if (fd->value < 0)
                return "the file_descriptor is closed";
            borrow(L, *fd);
            lua_insert(L, -2);
            return nullptr;
        }
        if (auto* target = addressable(L, -1)) {
            grant(*target);
            break;
        }
        return "this object cannot be sent to another process";
    default: return lua_pushfstring(L, "a %s cannot be sent to another process", luaL_typename(L, -1));
    }
    lua_pop(L, 1);
    return nullptr;
}

void outgoing_ipc_message::borrow(lua_State* L, file_descriptor& fd)
{
    borrowed_.add(L, fd);
    content_.put(ipc_tag::descriptor);
    add_descriptor(fd.value);
}

void outgoing_ipc_message::grant(const std::shared_ptr<mailbox>& target)
{
    auto& g = granted_.emplace_back(address{target});
    file_descriptor receiving;
    open_ipc_connection(g.sending, receiving);
    g.receiving = make_ipc_source(target, receiving);
    content_.put(ipc_tag::address);
    add_descriptor(g.sending.value);
}

ssize_t outgoing_ipc_message::send(int socket)
{
    auto bytes = content_.bytes();
    iovec vector{const_cast<unsigned char*>(bytes.data()), bytes.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(descriptors_))];
    if (descriptor_count_ > 0)
        attach_descriptors(header, control, {descriptors_, descriptor_count_});
    ssize_t n = ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return -errno;
    for (auto& g : granted_)
        g.target->attach(g.receiving);
    return n;
}

} // namespace emilua
