#include "data/stream.hpp"

#include "core/class.hpp"
#include "core/embedded.hpp"
#include "data/byte_span_arguments.hpp"
#include "data/scanner.hpp"

#include <algorithm>

namespace emilua {

namespace {

constexpr int buffer_position = 2; // of `buffer` in every function of the module

int check_span(lua_State* L)
{
    if (!test<byte_span>(L, 1))
        raise_invalid_argument(L, buffer_position);
    return 0;
}

// A string becomes a span, a span stays what it is.
int to_span(lua_State* L)
{
    if (lua_type(L, 1) != LUA_TSTRING) {
        check_span(L);
        return 1;
    }
    auto text = check_bytes(L, 1);
    std::ranges::copy(text, push_byte_span(L, text.size(), text.size()).data);
    return 1;
}

} // namespace

int open_stream(lua_State* L)
{
    push_embedded(L, embedded::stream);
    lua_newtable(L);
    set_functions(L, {{"check_span", fn<check_span>}, {"to_span", fn<to_span>}});
    lua_call(L, 1, 1);
    push_scanner(L);
    lua_setfield(L, -2, "scanner");
    return 1;
}

} // namespace emilua
