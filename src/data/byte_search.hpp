// The search algorithms of byte_span (04 §1.3).
#pragma once

#include <cstddef>
#include <lua.hpp>
#include <string_view>

namespace emilua {

struct byte_range {
    std::size_t begin;
    std::size_t end;
};

inline constexpr std::string_view white_space = " \f\n\r\t\v";

// What is left of `text` without leading and trailing `bytes`.
byte_range trim(std::string_view text, std::string_view bytes);

// Where `needle` begins in text[start..], or npos. In linear time, which std::string_view::find() is not.
std::size_t find_bytes(std::string_view text, std::string_view needle, std::size_t start);

// Adds them to the table on top of the stack.
void set_byte_search(lua_State* L);

} // namespace emilua
