// Module serial_port (05 §8).
//
// A stream descriptor with Asio's options for serial lines. Asio's own serial_port would set the line up when
// it opens it and could not give the descriptor away.
//
// Cancellation story: see io_object.hpp. A cancelled read or write transferred nothing.
#include "core/arguments.hpp"
#include "io/io_object.hpp"
#include "io/open.hpp"
#include "io/terminal.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/serial_port_base.hpp>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace emilua {

namespace {

using options = boost::asio::serial_port_base;

struct serial_port : boost::asio::posix::basic_stream_descriptor<io_executor> {
    using basic_stream_descriptor::basic_stream_descriptor;
};

// Raises EBADF.
int number_of(lua_State* L, serial_port& self)
{
    require_open(L, self);
    return self.native_handle();
}

int open(lua_State* L)
{
    auto& self = check<serial_port>(L, 1);
    auto path = check_text(L, 2);
    if (path.find('\0') != path.npos)
        raise_invalid_argument(L, 2);
    if (self.is_open())
        raise(L, error_code{boost::asio::error::already_open});
    file_descriptor fd;
    fd.value = ::open(path.data(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); // waits for no carrier
    if (fd.value < 0)
        raise_errno(L, errno);
    move_into(self, fd);
    return 0;
}

// The master blocks until it is used, the slave for good: it suits a child process.
int make_pair(lua_State* L)
{
    auto& master = push<serial_port>(L, vm::of(L).io());
    auto& slave = push_file_descriptor(L);
    file_descriptor fd;
    fd.value = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd.value < 0 || grantpt(fd.value) != 0 || unlockpt(fd.value) != 0)
        raise_errno(L, errno);
    // By the master, not by its name: works whatever is mounted at /dev/pts.
    slave.value = ioctl(fd.value, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave.value < 0)
        raise_errno(L, errno);
    move_into(master, fd);
    return 2;
}

// --- Properties: what the terminal has, changed by one of Asio's options.

termios line_of(lua_State* L, int fd)
{
    termios line;
    if (tcgetattr(fd, &line) != 0)
        raise_errno(L, errno);
    return line;
}

template <class Option>
Option get(lua_State* L)
{
    auto& self = check<serial_port>(L, 1);
    termios line = line_of(L, number_of(L, self));
    Option option;
    error_code ec;
    option.load(line, ec);
    if (ec)
        raise(L, ec);
    return option;
}

template <class Option>
int set(lua_State* L, const Option& option)
{
    auto& self = check<serial_port>(L, 1);
    int fd = number_of(L, self);
    termios line = line_of(L, fd);
    error_code ec;
    option.store(line, ec);
    if (ec)
        raise(L, ec);
    if (tcsetattr(fd, TCSANOW, &line) != 0)
        raise_errno(L, errno);
    return 0;
}

// What the string at 3 stands for, or the first choice for nil.
template <class E>
E check_mode(lua_State* L, E none, std::initializer_list<std::pair<std::string_view, E>> choices)
{
    if (lua_isnil(L, 3))
        return none;
    if (lua_type(L, 3) != LUA_TSTRING)
        raise_invalid_argument(L, 3);
    if (auto* value = find_choice(text_at(L, 3), choices))
        return *value;
    raise(L, errc::not_supported);
}

int get_baud_rate(lua_State* L)
{
    lua_pushinteger(L, get<options::baud_rate>(L).value());
    return 1;
}

int set_baud_rate(lua_State* L)
{
    lua_Integer rate = luaL_checkinteger(L, 3);
    bool fits = rate >= 0 && rate <= std::numeric_limits<unsigned>::max();
    return set(L, options::baud_rate{fits ? static_cast<unsigned>(rate) : 1}); // there is no rate of 1
}

int get_flow_control(lua_State* L)
{
    switch (get<options::flow_control>(L).value()) {
    case options::flow_control::none: lua_pushnil(L); break;
    case options::flow_control::software: lua_pushliteral(L, "software"); break;
    case options::flow_control::hardware: lua_pushliteral(L, "hardware"); break;
    }
    return 1;
}

int set_flow_control(lua_State* L)
{
    using o = options::flow_control;
    return set(L, o{check_mode(L, o::none, {{"software", o::software}, {"hardware", o::hardware}})});
}

int get_parity(lua_State* L)
{
    switch (get<options::parity>(L).value()) {
    case options::parity::none: lua_pushnil(L); break;
    case options::parity::odd: lua_pushliteral(L, "odd"); break;
    case options::parity::even: lua_pushliteral(L, "even"); break;
    }
    return 1;
}

int set_parity(lua_State* L)
{
    using o = options::parity;
    return set(L, o{check_mode(L, o::none, {{"odd", o::odd}, {"even", o::even}})});
}

int get_stop_bits(lua_State* L)
{
    switch (get<options::stop_bits>(L).value()) {
    case options::stop_bits::one: lua_pushliteral(L, "one"); break;
    case options::stop_bits::onepointfive: lua_pushliteral(L, "one_point_five"); break;
    case options::stop_bits::two: lua_pushliteral(L, "two"); break;
    }
    return 1;
}

int set_stop_bits(lua_State* L)
{
    using o = options::stop_bits;
    luaL_checktype(L, 3, LUA_TSTRING);
    return set(
        L, o{check_mode(L, o::one, {{"one", o::one}, {"one_point_five", o::onepointfive}, {"two", o::two}})});
}

int get_character_size(lua_State* L)
{
    lua_pushinteger(L, get<options::character_size>(L).value());
    return 1;
}

int set_character_size(lua_State* L)
{
    lua_Integer size = luaL_checkinteger(L, 3);
    if (size < 5 || size > 8)
        raise_invalid_argument(L, 3);
    set(L, options::character_size{static_cast<unsigned>(size)});
    // tcsetattr(3) says nothing if the driver keeps its own where 5 is wanted.
    if (get<options::character_size>(L).value() != static_cast<unsigned>(size))
        raise_errno(L, EINVAL);
    return 0;
}

// --- Terminals

int send_break(lua_State* L)
{
    auto& self = check<serial_port>(L, 1);
    if (tcsendbreak(number_of(L, self), 0) != 0)
        raise_errno(L, errno);
    return 0;
}

int is_terminal(lua_State* L)
{
    auto& self = check<serial_port>(L, 1);
    lua_pushboolean(L, isatty(number_of(L, self)));
    return 1;
}

int get_foreground(lua_State* L)
{
    auto& self = check<serial_port>(L, 1);
    push_foreground_group(L, number_of(L, self));
    return 1;
}

int set_foreground(lua_State* L)
{
    auto& self = check<serial_port>(L, 1);
    pid_t group = check_int(L, 2);
    set_foreground_group(L, number_of(L, self), group);
    return 0;
}

} // namespace

int open_serial_port(lua_State* L)
{
    {
        class_<serial_port> c{L, "serial_port"};
        add_io_object<serial_port>(c);
        c.method("open", fn<open>)
            .method("assign", fn<assign_descriptor<serial_port>>)
            .method("read_some", fn<read_some<serial_port>>)
            .method("write_some", fn<write_some<serial_port>>)
            .method("send_break", fn<send_break>)
            .method("isatty", fn<is_terminal>)
            .method("tcgetpgrp", fn<get_foreground>)
            .method("tcsetpgrp", fn<set_foreground>)
            .property("baud_rate", fn<get_baud_rate>, fn<set_baud_rate>)
            .property("flow_control", fn<get_flow_control>, fn<set_flow_control>)
            .property("parity", fn<get_parity>, fn<set_parity>)
            .property("stop_bits", fn<get_stop_bits>, fn<set_stop_bits>)
            .property("character_size", fn<get_character_size>, fn<set_character_size>);
    }
    lua_newtable(L);
    set_functions(L, {{"new", fn<make_or_adopt<serial_port>>}, {"ptypair", fn<make_pair>}});
    return 1;
}

} // namespace emilua
