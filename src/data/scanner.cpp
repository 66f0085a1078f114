// The native half of lua/scanner.lua: searches in its buffer, and views of what was found.
#include "data/scanner.hpp"

#include "core/class.hpp"
#include "core/embedded.hpp"
#include "data/byte_span_arguments.hpp"
#include "data/regex.hpp"
#include "data/regex_engine.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cmath>
#include <cstring>

namespace emilua {

namespace {

// Larger buffers don't come from Lua's memory.
constexpr lua_Number largest_collected = 1024 * 1024;

// A scanner is a table that a program may write to: offsets are looked at before use.
std::size_t check_offset(lua_State* L, int index, std::size_t limit)
{
    lua_Number n = luaL_checknumber(L, index);
    if (!(n >= 0 && n <= static_cast<lua_Number>(limit)))
        raise(L, errc::result_out_of_range);
    return static_cast<std::size_t>(n);
}

// Where `needle` begins in text[start..], or text.size().
std::size_t find(std::string_view text, std::string_view needle, std::size_t start)
{
    auto* found = static_cast<const char*>(
        memmem(text.data() + start, text.size() - start, needle.data(), needle.size()));
    return found ? static_cast<std::size_t>(found - text.data()) : text.size();
}

// find_records(buffer, begin, scanned, end, separator, records, ends) -> integer
//
// Looks for records in the bytes [begin, end) of the buffer, whose bytes before `scanned` begin no separator. Stores
// views of them, and the offsets of their ends. One call finds many, but not all: a program may want only one.
int find_records(lua_State* L)
{
    constexpr int most = 64;
    auto& buffer = check<byte_span>(L, 1);
    std::size_t end = check_offset(L, 4, buffer.capacity);
    std::size_t position = check_offset(L, 3, end);
    std::size_t begin = check_offset(L, 2, position);
    auto separator = check_bytes(L, 5);
    luaL_checktype(L, 6, LUA_TTABLE);
    luaL_checktype(L, 7, LUA_TTABLE);

    std::string_view text{reinterpret_cast<const char*>(buffer.data), end};
    span_cutter cutter{L, 1};
    int count = 0;
    while (count < most && (position = find(text, separator, position)) != end) {
        ++count;
        cutter.push_part(begin, position);
        lua_rawseti(L, 6, count);
        lua_pushnumber(L, static_cast<lua_Number>(position));
        lua_rawseti(L, 7, count);
        begin = position += separator.size();
    }
    lua_pushinteger(L, count);
    return 1;
}

// find_match(buffer, begin, end, regex) -> integer|nil, integer: offsets of a separator.
int find_match(lua_State* L)
{
    using namespace regex_flag;
    auto& buffer = check<byte_span>(L, 1);
    std::size_t end = check_offset(L, 3, buffer.capacity);
    std::size_t begin = check_offset(L, 2, end);
    auto& separator = check<regex>(L, 4);
    std::string_view text{reinterpret_cast<const char*>(buffer.data) + begin, end - begin};
    // The edges of the buffer say nothing about the edges of the input.
    if (!separator.search(text, 0, not_bol | not_eol | not_bow | not_eow | not_null)) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushnumber(L, static_cast<lua_Number>(begin + separator.whole().begin));
    lua_pushnumber(L, static_cast<lua_Number>(begin + separator.whole().end));
    return 2;
}

// split(record, separator) -> array of views
int split(lua_State* L)
{
    auto text = check<byte_span>(L, 1).text();
    auto separator = check_bytes(L, 2);
    lua_newtable(L);
    span_cutter cutter{L, 1};
    std::size_t begin = 0;
    for (int i = 1; !text.empty(); ++i) {
        std::size_t end = find(text, separator, begin);
        cutter.push_part(begin, end);
        lua_rawseti(L, 3, i);
        if (end == text.size())
            break;
        begin = end + separator.size();
    }
    lua_settop(L, 3);
    return 1;
}

// is_regex(value) -> boolean
int is_regex(lua_State* L)
{
    lua_pushboolean(L, test<regex>(L, 1) != nullptr);
    return 1;
}

// is_eof(error) -> boolean
int is_eof(lua_State* L)
{
    lua_pushboolean(L, to_error_code(L, 1) == error_code{boost::asio::error::eof});
    return 1;
}

// new_buffer(size) -> byte_span of this length. Raises ENOMEM.
int new_buffer(lua_State* L)
{
    lua_Number size = std::trunc(luaL_checknumber(L, 1));
    if (size >= 0 && size <= largest_collected) {
        push_collected_span(L, static_cast<std::size_t>(size));
        return 1;
    }
    if (!(size >= 0 && size < 0x1p63))
        raise(L, errc::invalid_argument);
    push_byte_span(L, static_cast<std::size_t>(size), static_cast<std::size_t>(size));
    return 1;
}

// move(buffer, begin, end): moves these bytes to the front.
int move(lua_State* L)
{
    auto& buffer = check<byte_span>(L, 1);
    std::size_t end = check_offset(L, 3, buffer.capacity);
    std::size_t begin = check_offset(L, 2, end);
    if (begin != end)
        std::memmove(buffer.data, buffer.data + begin, end - begin);
    return 0;
}

template <errc::errc_t Error>
int raise_error(lua_State* L)
{
    if (lua_isnoneornil(L, 1))
        raise(L, Error);
    std::size_t size;
    const char* option = luaL_checklstring(L, 1, &size);
    raise(L, Error, {{"arg", std::string_view{option, size}}});
}

int raise_argument(lua_State* L)
{
    raise_invalid_argument(L, static_cast<int>(luaL_checkinteger(L, 1)));
}

} // namespace

void push_scanner(lua_State* L)
{
    push_embedded(L, embedded::scanner);
    open_regex(L);
    lua_newtable(L);
    set_functions(L, {{"find_records", fn<find_records>},
                      {"find_match", fn<find_match>},
                      {"split", fn<split>},
                      {"is_regex", fn<is_regex>},
                      {"is_eof", fn<is_eof>},
                      {"new_buffer", fn<new_buffer>},
                      {"move", fn<move>},
                      {"raise_invalid", fn<raise_error<errc::invalid_argument>>},
                      {"raise_message_size", fn<raise_error<errc::message_size>>},
                      {"raise_argument", fn<raise_argument>}});
    lua_call(L, 2, 1);
}

} // namespace emilua
