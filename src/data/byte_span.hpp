// byte_span: a window over a shared memory block, the buffer type of all I/O (04 §1).
#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <lua.hpp>
#include <memory>
#include <span>
#include <string_view>

namespace emilua {

// The first three members are known to lua/byte_span.lua through FFI: element access is compiled by the JIT.
//
// What keeps `data` alive is `memory`, or the collector: then Lua's environment of the userdata refers to it,
// and the object needs no finalizer. An operation in flight has the object on the stack of its fiber.
struct byte_span {
    unsigned char* data = nullptr;
    std::size_t size = 0;
    std::size_t capacity = 0;
    std::shared_ptr<unsigned char[]> memory; // shared by slices; null: the collector's, or none

    boost::asio::mutable_buffer as_mutable() const { return {data, size}; }
    boost::asio::const_buffer as_const() const { return {data, size}; }
    std::span<unsigned char> bytes() const { return {data, size}; }
    std::string_view text() const { return {reinterpret_cast<const char*>(data), size}; }
};

// Pushes a span of fresh zeroed memory. Throws std::system_error (ENOMEM).
byte_span& push_byte_span(lua_State* L, std::size_t size, std::size_t capacity);

// The same, but the memory is the collector's: parts cost less. For short-lived parts by the million, as a
// scanner makes them. Raises "not enough memory".
byte_span& push_collected_span(lua_State* L, std::size_t size);

// Cuts parts out of the span at `index`. They share its memory; their capacity reaches as far as the span's.
//
// Takes two slots of the Lua stack.
class span_cutter {
public:
    span_cutter(lua_State* L, int index);

    // Pushes the bytes [begin, end). Both must not be above the capacity.
    byte_span& push_part(std::size_t begin, std::size_t end) const;

private:
    lua_State* L_;
    const byte_span& whole_;
    int environment_;
    int metatable_;
};

// Pushes one such part.
byte_span& push_part(lua_State* L, int index, std::size_t begin, std::size_t end);

// Sets the global table `byte_span` in the table on top of the stack.
void set_byte_span(lua_State* L);
// Module byte_span: pushes that table.
int open_byte_span(lua_State* L);

} // namespace emilua
