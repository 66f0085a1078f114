// Arguments of the methods of byte_span: bytes and positions.
#pragma once

#include "core/arguments.hpp"
#include "core/class.hpp"
#include "data/byte_span.hpp"

#include <cmath>
#include <string_view>

namespace emilua {

// The bytes of a string or byte_span; raises EINVAL{arg = index} for anything else, numbers included.
inline std::string_view check_bytes(lua_State* L, int index)
{
    if (lua_type(L, index) == LUA_TSTRING)
        return text_at(L, index);
    return check<byte_span>(L, index).text();
}

// A position, truncated; `none` if it is absent or nil. Raises EINVAL{arg = index} for anything but a number.
// May be NaN or infinite: test with comparisons that are true for good values.
inline lua_Number check_position(lua_State* L, int index, lua_Number none)
{
    if (lua_isnoneornil(L, index))
        return none;
    if (lua_type(L, index) != LUA_TNUMBER)
        raise_invalid_argument(L, index);
    return std::trunc(lua_tonumber(L, index));
}

} // namespace emilua
