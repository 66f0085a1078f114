// ip.tcp.socket (05 §3.5).
//
// Cancellation story: see io_object.hpp. A cancelled read or write transferred nothing; a cancelled connect
// leaves an open socket that should be closed.
#include "io/ip.hpp"
#include "io/socket_option.hpp"

#include <boost/asio/ip/v6_only.hpp>

namespace emilua {

namespace {

constexpr socket_option<tcp_socket> options[] = {
    boolean<tcp_socket, tcp::no_delay>("tcp_no_delay"),
    boolean<tcp_socket, socket_base::keep_alive>("keep_alive"),
    boolean<tcp_socket, socket_base::out_of_band_inline>("out_of_band_inline"),
    boolean<tcp_socket, socket_base::do_not_route>("do_not_route"),
    boolean<tcp_socket, socket_base::debug>("debug"),
    boolean<tcp_socket, boost::asio::ip::v6_only>("v6_only"),
    integer<tcp_socket, socket_base::send_buffer_size>("send_buffer_size"),
    integer<tcp_socket, socket_base::receive_buffer_size>("receive_buffer_size"),
    integer<tcp_socket, socket_base::send_low_watermark>("send_low_watermark"),
    integer<tcp_socket, socket_base::receive_low_watermark>("receive_low_watermark"),
    linger<tcp_socket>(),
};

// Mandatory message flags.
int check_stream_flags(lua_State* L)
{
    luaL_checktype(L, 3, LUA_TNUMBER);
    return to_int(lua_tointeger(L, 3));
}

int receive(lua_State* L)
{
    auto& self = check<tcp_socket>(L, 1);
    check<byte_span>(L, 2);
    return receive_message(L, self, check_stream_flags(L));
}

int send(lua_State* L)
{
    auto& self = check<tcp_socket>(L, 1);
    check<byte_span>(L, 2);
    return send_message(L, self, check_stream_flags(L));
}

int at_mark(lua_State* L)
{
    lua_pushboolean(L, check<tcp_socket>(L, 1).at_mark());
    return 1;
}

// Windows only.
int send_file(lua_State* L)
{
    check<tcp_socket>(L, 1);
    raise(L, errc::function_not_supported);
}

} // namespace

void push_tcp_socket_constructors(lua_State* L)
{
    {
        class_<tcp_socket> c{L, "ip.tcp.socket"};
        add_ip_socket<tcp_socket>(c);
        c.method("read_some", fn<read_some<tcp_socket>>)
            .method("write_some", fn<write_some<tcp_socket>>)
            .method("receive", fn<receive>)
            .method("send", fn<send>)
            .method("wait", fn<wait<tcp_socket>>)
            .method("set_option", fn<set_option<tcp_socket, options>>)
            .method("get_option", fn<get_option<tcp_socket, options>>)
            .method("send_file", fn<send_file>)
            .property("at_mark", fn<at_mark>);
    }
    lua_newtable(L);
    set_functions(L, {{"new", fn<make<tcp_socket>>}});
}

} // namespace emilua
