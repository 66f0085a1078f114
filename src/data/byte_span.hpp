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
struct byte_span {
    unsigned char* data = nullptr;
    std::size_t size = 0;
    std::size_t capacity = 0;
    std::shared_ptr<unsigned char[]> memory; // keeps `data` alive; shared by slices and operations in flight

    boost::asio::mutable_buffer as_mutable() const { return {data, size}; }
    boost::asio::const_buffer as_const() const { return {data, size}; }
    std::span<unsigned char> bytes() const { return {data, size}; }
    std::string_view text() const { return {reinterpret_cast<const char*>(data), size}; }
};

// Pushes a span of fresh zeroed memory. Throws std::system_error (ENOMEM).
byte_span& push_byte_span(lua_State* L, std::size_t size, std::size_t capacity);

// Registers the class in a new VM and sets the global table `byte_span` in the table on top of the stack.
void set_byte_span(lua_State* L);
// Module byte_span: pushes that table.
int open_byte_span(lua_State* L);

} // namespace emilua
