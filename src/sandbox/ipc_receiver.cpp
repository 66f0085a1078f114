#include "sandbox/ipc_receiver.hpp"

#include "io/scm_rights.hpp"
#include "sandbox/ipc_channel.hpp"
#include "sandbox/ipc_message.hpp"
#include "sandbox/ipc_socket.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <span>
#include <sys/socket.h>
#include <utility>

namespace emilua {

namespace {

// Descriptors that came with a record, in their order. Those that nobody takes are closed.
class received_descriptors {
public:
    received_descriptors() = default;
    received_descriptors(received_descriptors&& other) noexcept
        : count_{std::exchange(other.count_, 0)}
    {
        std::copy_n(other.values_, count_, values_);
    }
    ~received_descriptors()
    {
        while (next_ < count_)
            close_next();
    }

    // False: there are more than a message may have.
    bool add(msghdr& header)
    {
        bool complete = true;
        take_descriptors(header, [&](int fd) { complete = add(fd) && complete; });
        return complete;
    }

    std::size_t size() const { return count_; }
    int take_next() { return values_[next_++]; }
    void close_next() { close_without_waiting(take_next()); }

private:
    bool add(int fd)
    {
        if (count_ == ipc_member_limit) {
            close_without_waiting(fd);
            return false;
        }
        values_[count_++] = fd;
        return true;
    }

    int values_[ipc_member_limit];
    std::size_t count_ = 0;
    std::size_t next_ = 0;
};

// A message of another process, on its way to Lua.
class received final : public foreign_value {
public:
    received(std::span<const unsigned char> record, received_descriptors&& descriptors)
        : record_{std::make_unique_for_overwrite<unsigned char[]>(record.size())}
        , descriptors_{std::move(descriptors)}
    {
        std::ranges::copy(record, record_.get());
        valid_ = decode({record_.get(), record.size()}, descriptors_.size(), content_);
    }

    bool valid() const { return valid_; }

    void push(lua_State* L) override
    {
        luaL_checkstack(L, 4, nullptr);
        if (content_.is_scalar)
            return push_value(L, content_.values[0]);
        lua_createtable(L, 0, static_cast<int>(content_.count));
        for (std::size_t i = 0; i < content_.count; ++i) {
            auto& member = content_.values[i];
            if (is_replaced(i)) {
                if (member.has_descriptor())
                    descriptors_.close_next();
                continue;
            }
            lua_pushlstring(L, member.key.data(), member.key.size());
            push_value(L, member);
            lua_rawset(L, -3);
        }
    }

private:
    // Of members with the same key the last one counts.
    bool is_replaced(std::size_t i) const
    {
        auto later = std::span{content_.values, content_.count}.subspan(i + 1);
        return std::ranges::find(later, content_.values[i].key, &ipc_message::value::key) != later.end();
    }

    void push_value(lua_State* L, const ipc_message::value& value)
    {
        switch (value.tag) {
        case ipc_tag::number: lua_pushnumber(L, value.number); break;
        case ipc_tag::true_:
        case ipc_tag::false_: lua_pushboolean(L, value.tag == ipc_tag::true_); break;
        case ipc_tag::string: lua_pushlstring(L, value.text.data(), value.text.size()); break;
        case ipc_tag::descriptor: {
            auto& fd = push_file_descriptor(L);
            fd.value = descriptors_.take_next();
            break;
        }
        case ipc_tag::address: push_ipc_channel(L, descriptors_.take_next(), nullptr); break;
        case ipc_tag::nil: lua_pushnil(L); break;
        }
    }

    std::unique_ptr<unsigned char[]> record_;
    received_descriptors descriptors_;
    ipc_message content_;
    bool valid_;
};

class ipc_source final : public source, public std::enable_shared_from_this<ipc_source> {
public:
    ipc_source(const std::shared_ptr<mailbox>& target, file_descriptor& socket)
        : target_{target}
    {
        socket_.assign(socket);
    }

    outcome take(message& m) override;
    void arm(vm& owner) override;

private:
    std::weak_ptr<mailbox> target_;
    ipc_socket socket_;
};

source::outcome ipc_source::take(message& m)
{
    ipc_record record;
    iovec vector{&record, sizeof(record)};
    // Other ancillary data than descriptors may come first, if somebody asked for it on this socket before
    // it became ours.
    alignas(cmsghdr) unsigned char
        control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int) * ipc_member_limit)];
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    ssize_t size;
    do
        size = ::recvmsg(socket_.native_handle(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return errno == EAGAIN ? outcome::empty : outcome::ended;
    received_descriptors descriptors;
    if (!descriptors.add(header) || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        return outcome::ended;
    auto bytes = std::span{reinterpret_cast<const unsigned char*>(&record), static_cast<std::size_t>(size)};
    auto value = std::make_unique<received>(bytes, std::move(descriptors));
    if (!value->valid()) // an end of stream, too: no bytes
        return outcome::ended;
    m = message{std::move(value)};
    return outcome::taken;
}

void ipc_source::arm(vm& owner)
{
    socket_.in_reactor(owner.io())
        .async_wait(ipc_socket::waiter::wait_read, [weak = weak_from_this()](error_code) {
            auto self = weak.lock();
            auto target = self ? self->target_.lock() : nullptr;
            if (target)
                target->ready(std::move(self));
        });
}

} // namespace

void open_ipc_connection(file_descriptor& sending, file_descriptor& receiving)
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        throw boost::system::system_error{errno, boost::system::system_category()};
    receiving.value = ends[0];
    sending.value = ends[1];
    // Whoever has the receiving end may be hostile, and we would never read what it wrote.
    ::shutdown(sending.value, SHUT_RD);
}

source::list make_ipc_source(const std::shared_ptr<mailbox>& target, file_descriptor& socket)
{
    source::list one;
    one.push_back(std::make_shared<ipc_source>(target, socket));
    return one;
}

void attach_inbox(vm& owner, int socket)
{
    file_descriptor end;
    end.value = socket;
    auto one = make_ipc_source(owner.inbox, end);
    owner.inbox->attach(one);
}

} // namespace emilua
