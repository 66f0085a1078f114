// Plain values of Lua as C++ takes them. No VM is needed here.
#pragma once

#include <algorithm>
#include <climits>
#include <lua.hpp>
#include <ranges>
#include <span>
#include <string_view>

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

// The string at `index`; empty for everything else, numbers included. Valid while the string is on the stack.
inline std::string_view text_at(lua_State* L, int index)
{
    if (lua_type(L, index) != LUA_TSTRING)
        return {};
    std::size_t size;
    const char* data = lua_tolstring(L, index, &size);
    return {data, size};
}

// What `name` stands for, in a range of pairs {name, value}; null if it is none of them.
template <class Choices>
auto find_choice(std::string_view name, const Choices& choices)
{
    auto choice = std::ranges::find(choices, name, [](auto& c) { return c.first; });
    return choice != std::ranges::end(choices) ? &choice->second : nullptr;
}

// Calls `read` with each item of the list at `index` on top of the stack.
template <class F>
void for_each_item(lua_State* L, int index, F read)
{
    for (int i = 1;; ++i) {
        lua_rawgeti(L, index, i);
        if (lua_isnil(L, -1))
            break;
        read();
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

// Pushes a table with these members of the one at `index` (positive). Reading members may run Lua code:
// options are read so once, before any of them is looked at.
inline void push_members(lua_State* L, int index, std::span<const char* const> names)
{
    lua_createtable(L, 0, static_cast<int>(names.size()));
    for (const char* name : names) {
        lua_getfield(L, index, name);
        lua_setfield(L, -2, name);
    }
}

// The same for a table in the member `name` of the table on top of the stack, in place.
inline void replace_by_members(lua_State* L, const char* name, std::span<const char* const> names)
{
    lua_getfield(L, -1, name);
    if (lua_istable(L, -1)) {
        push_members(L, lua_gettop(L), names);
        lua_setfield(L, -3, name);
    }
    lua_pop(L, 1);
}

} // namespace emilua
