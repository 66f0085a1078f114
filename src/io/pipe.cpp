// Module pipe (05 §6).
//
// Cancellation story: see io_object.hpp. A cancelled read or write transferred nothing.
#include "io/io_object.hpp"
#include "io/open.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace emilua {

namespace {

using stream_descriptor = boost::asio::posix::basic_stream_descriptor<io_executor>;

struct read_stream : stream_descriptor {
    using stream_descriptor::stream_descriptor;
};

struct write_stream : stream_descriptor {
    using stream_descriptor::stream_descriptor;
};

// The pipe blocks until it is used: an end that is released at once suits a child process.
int pair(lua_State* L)
{
    auto& reader = push<read_stream>(L, vm::of(L).io());
    auto& writer = push<write_stream>(L, vm::of(L).io());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        raise_errno(L, errno);
    file_descriptor read_end, write_end;
    read_end.value = ends[0];
    write_end.value = ends[1];
    move_into(reader, read_end);
    move_into(writer, write_end);
    return 2;
}

// Pushes the table of constructors.
template <class T>
void push_stream(lua_State* L, const char* class_name, const char* method, lua_CFunction transfer)
{
    {
        class_<T> c{L, class_name};
        add_io_object<T>(c);
        c.method("assign", fn<assign_descriptor<T>>).method(method, transfer);
    }
    lua_newtable(L);
    set_functions(L, {{"new", fn<make_or_adopt<T>>}});
}

} // namespace

int open_pipe(lua_State* L)
{
    lua_newtable(L);
    push_stream<read_stream>(L, "pipe.read_stream", "read_some", fn<read_some<read_stream>>);
    lua_setfield(L, -2, "read_stream");
    push_stream<write_stream>(L, "pipe.write_stream", "write_some", fn<write_some<write_stream>>);
    lua_setfield(L, -2, "write_stream");
    set_functions(L, {{"pair", fn<pair>}});
    return 1;
}

} // namespace emilua
