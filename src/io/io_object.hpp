// What all IO objects share: opening state, cancelling, giving away the descriptor, reading and writing.
//
// The userdata is the Asio object itself, with the io_context's executor: a type-erased one costs at every
// operation. The object and the buffers of an operation are arguments on the Lua stack of the fiber that
// waits for it, which keeps them alive.
#pragma once

#include "core/arguments.hpp"
#include "core/await.hpp"
#include "core/class.hpp"
#include "core/context.hpp"
#include "data/byte_span.hpp"
#include "io/file_descriptor.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace emilua {

using io_executor = boost::asio::io_context::executor_type;

// Arguments are checked first, then this: raises EBADF.
template <class T>
void require_open(lua_State* L, T& object)
{
    if (!object.is_open())
        raise(L, error_code{boost::asio::error::bad_descriptor});
}

// The string at `index`; raises "string expected" for everything else, numbers included.
inline std::string_view check_text(lua_State* L, int index)
{
    luaL_checktype(L, index, LUA_TSTRING);
    return text_at(L, index);
}

// What the string at `index` stands for; raises EINVAL{arg = index} for an unknown one.
template <class E>
E check_choice(lua_State* L, int index, std::initializer_list<std::pair<std::string_view, E>> choices)
{
    if (auto* value = find_choice(check_text(L, index), choices))
        return *value;
    raise_invalid_argument(L, index);
}

// T.new(): a closed object.
template <class T>
int make(lua_State* L)
{
    push<T>(L, vm::of(L).io());
    return 1;
}

// Moves a descriptor into the object. On errors it stays where it is.
template <class T, class... Protocol>
void move_into(T& object, file_descriptor& fd, const Protocol&... protocol)
{
    object.assign(protocol..., fd.value);
    fd.release();
}

// T.new([fd]), where the class alone says what protocol a descriptor has, if any.
template <class T, class... Protocol>
int make_or_adopt(lua_State* L)
{
    auto& self = push<T>(L, vm::of(L).io());
    if (lua_gettop(L) > 1)
        move_into(self, check_file_descriptor(L, 1), Protocol{}...);
    return 1;
}

// object:assign(fd), likewise.
template <class T, class... Protocol>
int assign_descriptor(lua_State* L)
{
    auto& self = check<T>(L, 1);
    move_into(self, check_file_descriptor(L, 2), Protocol{}...);
    return 0;
}

template <class T>
int is_open(lua_State* L)
{
    lua_pushboolean(L, check<T>(L, 1).is_open());
    return 1;
}

template <class T>
int close(lua_State* L)
{
    error_code ignored;
    check<T>(L, 1).close(ignored);
    return 0;
}

template <class T>
int cancel(lua_State* L)
{
    check<T>(L, 1).cancel();
    return 0;
}

template <class T>
int release(lua_State* L)
{
    auto& self = check<T>(L, 1);
    require_open(L, self);
    auto& fd = push_file_descriptor(L); // first: it may raise
    fd.value = self.release();
    return 1;
}

// Makes the reactor look at the descriptor again. It is edge-triggered, and takes a transfer of no bytes for
// the sign that nothing is left to do until the next event. After an end of stream or an error there is no
// next event: other readers, and the next one, would wait forever.
template <class T>
void rearm(T& object)
{
    if (!object.is_open())
        return;
    // A wait for errors re-registers the descriptor as it starts. Its end is nobody's business.
    boost::asio::cancellation_signal end;
    object.async_wait(T::wait_error, boost::asio::bind_cancellation_slot(end.slot(), [](error_code) {}));
    end.emit(boost::asio::cancellation_type::terminal);
}

// Waits for a read or write: pushes the number of bytes, or raises.
template <class T, class Initiate>
int transfer(lua_State* L, T& object, Initiate&& initiate)
{
    auto [ec, count] = await_result<std::size_t>(L, std::forward<Initiate>(initiate));
    if (ec) {
        rearm(object);
        raise(L, ec);
    }
    lua_pushinteger(L, static_cast<lua_Integer>(std::get<0>(count)));
    return 1;
}

template <class T>
int read_some(lua_State* L)
{
    auto& self = check<T>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    require_open(L, self);
    return transfer(L, self,
                    [&](auto token) { self.async_read_some(buffer.as_mutable(), std::move(token)); });
}

template <class T>
int write_some(lua_State* L)
{
    auto& self = check<T>(L, 1);
    auto& buffer = check<byte_span>(L, 2);
    require_open(L, self);
    return transfer(L, self, [&](auto token) { self.async_write_some(buffer.as_const(), std::move(token)); });
}

// The members that every IO object has.
template <class T>
void add_io_object(class_builder& c)
{
    c.method("close", fn<close<T>>)
        .method("cancel", fn<cancel<T>>)
        .method("release", fn<release<T>>)
        .property("is_open", fn<is_open<T>>);
}

} // namespace emilua
