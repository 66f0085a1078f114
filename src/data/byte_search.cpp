// Positions are 1-based in Lua and 0-based here. `npos` becomes nil.
#include "data/byte_search.hpp"

#include "data/byte_span_arguments.hpp"

#include <bitset>
#include <cstring>

namespace emilua {

namespace {

constexpr std::size_t npos = std::string_view::npos;

class byte_set {
public:
    explicit byte_set(std::string_view bytes)
    {
        for (unsigned char b : bytes)
            members_.set(b);
    }
    bool contains(char b) const { return members_[static_cast<unsigned char>(b)]; }

private:
    std::bitset<256> members_;
};

// Forward searches look at text[start..], backward searches at text[..last].

std::size_t rfind(std::string_view text, std::string_view needle, std::size_t last)
{
    return text.rfind(needle, last);
}

template <bool Wanted>
std::size_t first_of(std::string_view text, std::string_view bytes, std::size_t start)
{
    byte_set set{bytes};
    for (std::size_t i = start; i < text.size(); ++i) {
        if (set.contains(text[i]) == Wanted)
            return i;
    }
    return npos;
}

template <bool Wanted>
std::size_t last_of(std::string_view text, std::string_view bytes, std::size_t last)
{
    byte_set set{bytes};
    for (std::size_t i = last + 1; i > 0; --i) {
        if (set.contains(text[i - 1]) == Wanted)
            return i - 1;
    }
    return npos;
}

using algorithm = std::size_t(std::string_view text, std::string_view argument, std::size_t position);

int push_index(lua_State* L, std::size_t i)
{
    if (i == npos)
        lua_pushnil(L);
    else
        lua_pushinteger(L, static_cast<lua_Integer>(i) + 1);
    return 1;
}

std::string_view needle_argument(lua_State* L)
{
    return lua_isnoneornil(L, 2) ? std::string_view{} : check_bytes(L, 2);
}

// bs:name(needle, start)
template <algorithm Search>
int forward(lua_State* L)
{
    auto text = check<byte_span>(L, 1).text();
    auto needle = needle_argument(L);
    lua_Number start = check_position(L, 3, 1);
    if (!(1 <= start && start <= static_cast<lua_Number>(text.size()) + 1))
        raise(L, errc::result_out_of_range);
    auto i = static_cast<std::size_t>(start) - 1;
    return push_index(L, i == text.size() ? npos : Search(text, needle, i));
}

// bs:name(needle, end_)
template <algorithm Search>
int backward(lua_State* L)
{
    auto text = check<byte_span>(L, 1).text();
    auto needle = needle_argument(L);
    lua_Number end = check_position(L, 3, static_cast<lua_Number>(text.size()));
    if (!(0 <= end && end <= static_cast<lua_Number>(text.size())))
        raise(L, errc::result_out_of_range);
    auto n = static_cast<std::size_t>(end);
    return push_index(L, n == 0 ? npos : Search(text, needle, n - 1));
}

int starts_with(lua_State* L)
{
    lua_pushboolean(L, check<byte_span>(L, 1).text().starts_with(check_bytes(L, 2)));
    return 1;
}

int ends_with(lua_State* L)
{
    lua_pushboolean(L, check<byte_span>(L, 1).text().ends_with(check_bytes(L, 2)));
    return 1;
}

int trimmed(lua_State* L)
{
    auto& self = check<byte_span>(L, 1);
    auto bytes = lua_isnoneornil(L, 2) ? white_space : check_bytes(L, 2);
    auto [begin, end] = trim(self.text(), bytes);
    if (begin == end)
        push<byte_span>(L);
    else
        push_part(L, 1, begin, end);
    return 1;
}

} // namespace

byte_range trim(std::string_view text, std::string_view bytes)
{
    // Without a byte_set: few bytes are looked at, it would cost more than it saves.
    std::size_t first = text.find_first_not_of(bytes);
    if (first == npos)
        return {0, 0};
    return {first, text.find_last_not_of(bytes) + 1};
}

std::size_t find_bytes(std::string_view text, std::string_view needle, std::size_t start)
{
    const char* from = text.data() + start;
    std::size_t size = text.size() - start;
    auto* found =
        static_cast<const char*>(needle.size() == 1 ? std::memchr(from, needle[0], size)
                                                    : memmem(from, size, needle.data(), needle.size()));
    return found ? static_cast<std::size_t>(found - text.data()) : npos;
}

void set_byte_search(lua_State* L)
{
    set_functions(L, {{"starts_with", fn<starts_with>},
                      {"ends_with", fn<ends_with>},
                      {"find", fn<forward<find_bytes>>},
                      {"rfind", fn<backward<rfind>>},
                      {"find_first_of", fn<forward<first_of<true>>>},
                      {"find_last_of", fn<backward<last_of<true>>>},
                      {"find_first_not_of", fn<forward<first_of<false>>>},
                      {"find_last_not_of", fn<backward<last_of<false>>>},
                      {"trimmed", fn<trimmed>}});
}

} // namespace emilua
