// The native half of lua/scanner.lua: searches in its buffer, and views of what was found.
#include "data/scanner.hpp"

#include "core/arguments.hpp"
#include "core/class.hpp"
#include "core/embedded.hpp"
#include "data/byte_search.hpp"
#include "data/byte_span_arguments.hpp"
#include "data/regex.hpp"
#include "data/regex_engine.hpp"

#include <boost/asio/error.hpp>
#include <cmath>
#include <cstring>
#include <limits>

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

// find_records(buffer, begin, scanned, end, separator, records, only_sizes) -> integer
//
// Looks for records in the bytes [begin, end) of the buffer, whose bytes before `scanned` begin no separator.
// Stores views of them, or only their sizes. One call finds many, but not all: a program may want only one.
int find_records(lua_State* L)
{
    constexpr int most = 64;
    auto& buffer = check<byte_span>(L, 1);
    std::size_t end = check_offset(L, 4, buffer.capacity);
    std::size_t position = check_offset(L, 3, end);
    std::size_t begin = check_offset(L, 2, position);
    auto separator = check_bytes(L, 5);
    luaL_checktype(L, 6, LUA_TTABLE);
    bool only_sizes = lua_toboolean(L, 7);

    std::string_view text{reinterpret_cast<const char*>(buffer.data), end};
    span_cutter cutter{L, 1};
    int count = 0;
    while (count < most && (position = find_bytes(text, separator, position)) != std::string_view::npos) {
        if (only_sizes)
            lua_pushnumber(L, static_cast<lua_Number>(position - begin));
        else
            cutter.push_part(begin, position);
        lua_rawseti(L, 6, ++count);
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

// The part of a record that is to be split, by the option trim_record at `index`.
byte_range trimmed(lua_State* L, std::string_view record, int index)
{
    if (!lua_toboolean(L, index))
        return {0, record.size()};
    return trim(record, lua_isboolean(L, index) ? white_space : check_bytes(L, index));
}

// split(buffer, begin, end, trim_record, field_separator, expected) -> array of views of the record [begin,
// end); nil if the separator is neither string nor regex. A table that has room for the `expected` number of
// fields need not grow.
int split(lua_State* L)
{
    lua_settop(L, 6);
    auto& buffer = check<byte_span>(L, 1);
    std::size_t record_end = check_offset(L, 3, buffer.capacity);
    std::size_t record_begin = check_offset(L, 2, record_end);
    auto* expression = test<regex>(L, 5);
    if (!expression && lua_type(L, 5) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }
    std::string_view record{reinterpret_cast<const char*>(buffer.data) + record_begin,
                            record_end - record_begin};
    auto [begin, end] = trimmed(L, record, 4);
    auto text = record.substr(begin, end - begin);
    std::size_t offset = record_begin + begin;

    span_cutter cutter{L, 1};
    lua_createtable(L, static_cast<int>(check_offset(L, 6, std::numeric_limits<int>::max())), 0);
    int count = 0;
    auto add = [&](std::size_t from, std::size_t to) {
        cutter.push_part(offset + from, offset + to);
        lua_rawseti(L, -2, ++count);
    };
    if (expression) {
        if (expression->mark_count() > 0)
            raise(L, errc::not_supported);
        emilua::split(*expression, text, [&](regex::range r) { add(r.begin, r.end); });
        return 1;
    }
    auto separator = check_bytes(L, 5);
    if (separator.empty())
        raise_invalid_argument(L, "field_separator");
    if (text.empty())
        return 1;
    std::size_t from = 0;
    for (std::size_t to; (to = find_bytes(text, separator, from)) != std::string_view::npos;) {
        add(from, to);
        from = to + separator.size();
    }
    add(from, text.size());
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
    raise(L, Error, {{"arg", text_at(L, 1)}});
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
