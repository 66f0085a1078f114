// Plain values of Lua as C++ takes them. No VM is needed here.
#pragma once

#include <algorithm>
#include <climits>
#include <lua.hpp>

namespace emilua {

// The nearest int: a number that no signal, process or group has stays one.
inline int to_int(lua_Integer n)
{
    return static_cast<int>(std::clamp<lua_Integer>(n, INT_MIN, INT_MAX));
}

// The number at `index`, likewise; raises "number expected" for what is none.
inline int check_int(lua_State* L, int index)
{
    return to_int(luaL_checkinteger(L, index));
}

} // namespace emilua
