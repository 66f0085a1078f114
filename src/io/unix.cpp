// Module unix (05 §4).
//
// Sockets send and receive by operations of our own: descriptors need sendmsg(2), and only one queue for all
// operations of a direction keeps their order. Cancellation story: see operation_queue.hpp.
#include "io/open.hpp"
#include "io/operation_queue.hpp"
#include "io/socket.hpp"
#include "io/socket_option.hpp"
#include "io/unix_message.hpp"
#include "io/unix_peer.hpp"
#include "time/timer.hpp"

#include <boost/asio/basic_socket.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/local/basic_endpoint.hpp>
#include <cerrno>
#include <chrono>
#include <optional>

namespace emilua {

namespace {

// Asio's protocols, and the one that Boost 1.81 lacks.
template <int Type>
struct unix_protocol {
    using endpoint = boost::asio::local::basic_endpoint<unix_protocol>;
    using socket = boost::asio::basic_socket<unix_protocol>;

    int type() const { return Type; }
    int protocol() const { return 0; }
    int family() const { return AF_UNIX; }
};

template <int Type>
using asio_socket = boost::asio::basic_socket<unix_protocol<Type>, io_executor>;

template <int Type>
struct unix_socket : asio_socket<Type> {
    using base = asio_socket<Type>;
    using base::base;

    static constexpr bool is_stream = Type == SOCK_STREAM;
    static constexpr bool is_datagram = Type == SOCK_DGRAM;

    operation_queue readers, writers;

    void cancel()
    {
        base::cancel();
        abort();
    }
    void close(error_code& ec)
    {
        base::close(ec);
        abort();
    }
    int release()
    {
        int fd = base::release();
        abort();
        return fd;
    }

private:
    void abort()
    {
        readers.abort();
        writers.abort();
    }
};

using stream_socket = unix_socket<SOCK_STREAM>;
using datagram_socket = unix_socket<SOCK_DGRAM>;
using seqpacket_socket = unix_socket<SOCK_SEQPACKET>;

template <class S>
using acceptor = boost::asio::basic_socket_acceptor<typename S::protocol_type, io_executor>;

// --- Making and naming

template <class S>
int open(lua_State* L)
{
    open_socket(L, check<S>(L, 1), typename S::protocol_type{});
    return 0;
}

template <class S>
int pair(lua_State* L)
{
    auto& a = push<S>(L, vm::of(L).io());
    auto& b = push<S>(L, vm::of(L).io());
    typename S::protocol_type protocol;
    int ends[2];
    if (socketpair(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol(), ends) != 0)
        raise_errno(L, errno);
    file_descriptor first, second;
    first.value = ends[0];
    second.value = ends[1];
    move_into(a, first, protocol);
    move_into(b, second, protocol);
    return 2;
}

template <class S>
int bind(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto address = check_unix_address(L, 2);
    if (::bind(self.native_handle(), address.get(), address.size) != 0)
        raise_errno(L, errno);
    return 0;
}

// Connecting ends at once, with EAGAIN if the queue of the listener is full. Asio would wait for an event
// that never comes, or take any for success.
template <class S>
int connect(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto address = check_unix_address(L, 2);
    check_suspend(L);
    check_interruption(L);
    if (!self.is_open())
        open_socket(L, self, typename S::protocol_type{});
    self.native_non_blocking(true);
    int error = ::connect(self.native_handle(), address.get(), address.size) == 0 ? 0 : errno;
    vm::yield(L);
    if (error != 0)
        raise_errno(L, error);
    return 0;
}

template <class S, int (*get_name)(int, sockaddr*, socklen_t*)>
int get_path(lua_State* L)
{
    auto& self = check<S>(L, 1);
    unix_address address;
    if (get_name(self.native_handle(), address.get(), &address.size) != 0)
        raise_errno(L, errno);
    push_unix_address(L, address);
    return 1;
}

// --- Sending and receiving

// Only `peek` has a meaning; MSG_TRUNC would break the promise about the count.
int check_receive_flags(lua_State* L, int index)
{
    return check_flags(L, index) & socket_base::message_peek;
}

template <class S>
std::size_t receive_bytes(lua_State* L, S& self, byte_span& buffer, int flags, unix_address* from,
                          incoming_descriptors* descriptors)
{
    require_open(L, self);
    if (S::is_stream && buffer.size == 0) {
        vm::yield(L);
        return 0;
    }
    auto n = perform(
        L, self.readers, [&](auto token) { self.async_wait(socket_base::wait_read, std::move(token)); },
        [&] { return receive_unix_message(self.native_handle(), buffer.bytes(), flags, from, descriptors); });
    if (n == 0 && !S::is_datagram)
        raise(L, error_code{boost::asio::error::eof});
    return n;
}

template <class S>
int send_bytes(lua_State* L, S& self, byte_span& buffer, int flags, const unix_address* to,
               const outgoing_descriptors* descriptors)
{
    require_open(L, self);
    if (S::is_stream && buffer.size == 0) {
        vm::yield(L);
        lua_pushinteger(L, 0);
        return 1;
    }
    // The kernel wakes a sender when the queue of its connected peer has room again. For any other receiver
    // it wakes nobody, and calls the socket writable: the sender must ask again.
    std::optional<steady_timer> retry;
    auto n = perform(
        L, self.writers,
        [&](auto token) {
            if (to) {
                retry.emplace(vm::of(L).io(), std::chrono::milliseconds{1});
                retry->async_wait(std::move(token));
            } else {
                self.async_wait(socket_base::wait_write, std::move(token));
            }
        },
        [&] { return send_unix_message(self.native_handle(), buffer.bytes(), flags, to, descriptors); });
    lua_pushinteger(L, static_cast<lua_Integer>(n));
    return 1;
}

// read_some(buffer), receive(buffer, flags)
template <class S>
int receive(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    int flags = S::is_stream ? 0 : check_receive_flags(L, 3);
    auto n = receive_bytes(L, self, buffer, flags, nullptr, nullptr);
    lua_pushinteger(L, static_cast<lua_Integer>(n));
    return 1;
}

// write_some(buffer), send(buffer, flags)
template <class S>
int send(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    int flags = S::is_stream ? 0 : check_flags(L, 3);
    return send_bytes(L, self, buffer, flags, nullptr, nullptr);
}

template <class S>
int receive_with_fds(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    incoming_descriptors descriptors{check_descriptor_limit(L, 3)};
    auto n = receive_bytes(L, self, buffer, 0, nullptr, &descriptors);
    lua_pushinteger(L, static_cast<lua_Integer>(n));
    descriptors.push(L);
    return 2;
}

template <class S>
int send_with_fds(lua_State* L)
{
    auto& self = check<S>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    outgoing_descriptors descriptors;
    descriptors.add(L, 3);
    return send_bytes(L, self, buffer, 0, nullptr, &descriptors);
}

int receive_from(lua_State* L)
{
    auto& self = check<datagram_socket>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    int flags = check_receive_flags(L, 3);
    unix_address sender;
    auto n = receive_bytes(L, self, buffer, flags, &sender, nullptr);
    lua_pushinteger(L, static_cast<lua_Integer>(n));
    push_unix_address(L, sender);
    return 2;
}

int send_to(lua_State* L)
{
    auto& self = check<datagram_socket>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    auto to = check_unix_address(L, 3);
    int flags = check_flags(L, 4);
    return send_bytes(L, self, buffer, flags, &to, nullptr);
}

int receive_from_with_fds(lua_State* L)
{
    auto& self = check<datagram_socket>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    incoming_descriptors descriptors{check_descriptor_limit(L, 3)};
    unix_address sender;
    auto n = receive_bytes(L, self, buffer, 0, &sender, &descriptors);
    lua_pushinteger(L, static_cast<lua_Integer>(n));
    if (has_name(sender))
        push_unix_address(L, sender);
    else
        lua_pushnil(L);
    descriptors.push(L);
    return 3;
}

int send_to_with_fds(lua_State* L)
{
    auto& self = check<datagram_socket>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    auto to = check_unix_address(L, 3);
    outgoing_descriptors descriptors;
    descriptors.add(L, 4);
    return send_bytes(L, self, buffer, 0, &to, &descriptors);
}

// --- Options

// An option that tells who the peer is.
template <class S, void (*push_value)(lua_State*, int)>
constexpr socket_option<S> peer_identity(std::string_view name)
{
    return {name, nullptr, [](lua_State* L, S& socket) {
                push_value(L, socket.native_handle());
                return 1;
            }};
}

// FreeBSD only.
[[noreturn]] void push_peer_labels(lua_State* L, int)
{
    raise(L, errc::not_supported, {{"arg", "remote_security_labels"}});
}

constexpr socket_option<stream_socket> stream_options[] = {
    boolean<stream_socket, socket_base::debug>("debug"),
    integer<stream_socket, socket_base::send_buffer_size>("send_buffer_size"),
    integer<stream_socket, socket_base::receive_buffer_size>("receive_buffer_size"),
    integer<stream_socket, socket_base::send_low_watermark>("send_low_watermark"),
    integer<stream_socket, socket_base::receive_low_watermark>("receive_low_watermark"),
    peer_identity<stream_socket, push_peer_credentials>("remote_credentials"),
    peer_identity<stream_socket, push_peer_label>("remote_security_label"),
    peer_identity<stream_socket, push_peer_labels>("remote_security_labels"),
};

constexpr socket_option<datagram_socket> datagram_options[] = {
    boolean<datagram_socket, socket_base::debug>("debug"),
    integer<datagram_socket, socket_base::send_buffer_size>("send_buffer_size"),
    integer<datagram_socket, socket_base::receive_buffer_size>("receive_buffer_size"),
};

constexpr socket_option<seqpacket_socket> seqpacket_options[] = {
    boolean<seqpacket_socket, socket_base::debug>("debug"),
    integer<seqpacket_socket, socket_base::send_buffer_size>("send_buffer_size"),
    integer<seqpacket_socket, socket_base::receive_buffer_size>("receive_buffer_size"),
    peer_identity<seqpacket_socket, push_peer_credentials>("remote_credentials"),
    peer_identity<seqpacket_socket, push_peer_label>("remote_security_label"),
    peer_identity<seqpacket_socket, push_peer_labels>("remote_security_labels"),
};

template <class A>
constexpr socket_option<A> acceptor_options[] = {
    boolean<A, socket_base::debug>("debug"),
    boolean<A, socket_base::enable_connection_aborted>("enable_connection_aborted"),
};

// --- Classes

// Members of sockets and acceptors.
template <class S, const auto& Options>
void add_unix_object(class_builder& c)
{
    c.method("open", fn<open<S>>)
        .method("bind", fn<bind<S>>)
        .method("assign", fn<assign_descriptor<S, typename S::protocol_type>>)
        .method("set_option", fn<set_option<S, Options>>)
        .method("get_option", fn<get_option<S, Options>>)
        .property("local_path", fn<get_path<S, getsockname>>);
}

template <class S, const auto& Options>
void add_unix_socket(class_builder& c)
{
    add_socket<S>(c);
    add_unix_object<S, Options>(c);
    c.method("connect", fn<connect<S>>)
        .method("receive_with_fds", fn<receive_with_fds<S>>)
        .method("send_with_fds", fn<send_with_fds<S>>)
        .property("remote_path", fn<get_path<S, getpeername>>);
}

// Sets the table of constructors in the module's table.
template <class S>
void set_socket(lua_State* L, const char* name)
{
    lua_newtable(L);
    set_functions(L, {{"new", fn<make_or_adopt<S, typename S::protocol_type>>}, {"pair", fn<pair<S>>}});
    lua_setfield(L, -2, name);
}

// Registers the class of the acceptors of S and does the same.
template <class S>
void set_acceptor(lua_State* L, const char* name, const char* class_name)
{
    using A = acceptor<S>;
    {
        class_<A> c{L, class_name};
        add_io_object<A>(c);
        add_unix_object<A, acceptor_options<A>>(c);
        c.method("listen", fn<listen<A>>).method("accept", fn<accept<A, S>>);
    }
    lua_newtable(L);
    set_functions(L, {{"new", fn<make_or_adopt<A, typename A::protocol_type>>}});
    lua_setfield(L, -2, name);
}

} // namespace

int open_unix(lua_State* L)
{
    lua_newtable(L);
    {
        class_<stream_socket> c{L, "unix.stream_socket"};
        add_unix_socket<stream_socket, stream_options>(c);
        c.method("read_some", fn<receive<stream_socket>>).method("write_some", fn<send<stream_socket>>);
    }
    set_socket<stream_socket>(L, "stream_socket");
    set_acceptor<stream_socket>(L, "stream_acceptor", "unix.stream_acceptor");
    {
        class_<seqpacket_socket> c{L, "unix.seqpacket_socket"};
        add_unix_socket<seqpacket_socket, seqpacket_options>(c);
        c.method("receive", fn<receive<seqpacket_socket>>).method("send", fn<send<seqpacket_socket>>);
    }
    set_socket<seqpacket_socket>(L, "seqpacket_socket");
    set_acceptor<seqpacket_socket>(L, "seqpacket_acceptor", "unix.seqpacket_acceptor");
    {
        class_<datagram_socket> c{L, "unix.datagram_socket"};
        add_unix_socket<datagram_socket, datagram_options>(c);
        c.method("receive", fn<receive<datagram_socket>>)
            .method("send", fn<send<datagram_socket>>)
            .method("receive_from", fn<receive_from>)
            .method("send_to", fn<send_to>)
            .method("receive_from_with_fds", fn<receive_from_with_fds>)
            .method("send_to_with_fds", fn<send_to_with_fds>);
    }
    set_socket<datagram_socket>(L, "datagram_socket");

    lua_newtable(L);
    lua_pushinteger(L, socket_base::message_peek);
    lua_setfield(L, -2, "peek");
    lua_setfield(L, -2, "message_flag");
    return 1;
}

} // namespace emilua
