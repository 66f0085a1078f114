// ip.tcp.acceptor (05 §3.6).
//
// Cancellation story: see io_object.hpp. A connection that was accepted before the cancellation is returned.
#include "io/ip.hpp"
#include "io/socket_option.hpp"

#include <boost/asio/ip/v6_only.hpp>

namespace emilua {

namespace {

constexpr socket_option<tcp_acceptor> options[] = {
    boolean<tcp_acceptor, socket_base::reuse_address>("reuse_address"),
    boolean<tcp_acceptor, socket_base::enable_connection_aborted>("enable_connection_aborted"),
    boolean<tcp_acceptor, socket_base::debug>("debug"),
    boolean<tcp_acceptor, boost::asio::ip::v6_only>("v6_only"),
};

} // namespace

void push_tcp_acceptor_constructors(lua_State* L)
{
    {
        class_<tcp_acceptor> c{L, "ip.tcp.acceptor"};
        add_io_object<tcp_acceptor>(c);
        add_ip_object<tcp_acceptor>(c);
        c.method("listen", fn<listen<tcp_acceptor>>)
            .method("accept", fn<accept<tcp_acceptor, tcp_socket>>)
            .method("set_option", fn<set_option<tcp_acceptor, options>>)
            .method("get_option", fn<get_option<tcp_acceptor, options>>);
    }
    lua_newtable(L);
    set_functions(L, {{"new", fn<make<tcp_acceptor>>}});
}

} // namespace emilua
