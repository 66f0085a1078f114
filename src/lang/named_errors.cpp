#include "lang/named_errors.hpp"

#include "core/class.hpp"

namespace emilua {

namespace {

// Upvalues: a table of codes by name, the category.
int make_error(lua_State* L)
{
    lua_settop(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    if (lua_isnil(L, -1))
        return raise_bad_index(L);
    auto* category = static_cast<const error_category*>(lua_touserdata(L, lua_upvalueindex(2)));
    push_error(L, {static_cast<int>(lua_tointeger(L, -1)), *category});
    return 1;
}

} // namespace

void push_named_errors(lua_State* L, const char* metatable, const error_category& category,
                       std::span<const named_error> errors)
{
    lua_newuserdata(L, 0);
    lua_createtable(L, 0, 2);
    lua_pushstring(L, metatable);
    lua_setfield(L, -2, "__metatable");
    lua_createtable(L, 0, static_cast<int>(errors.size()));
    for (const named_error& e : errors) {
        lua_pushinteger(L, e.code);
        lua_setfield(L, -2, e.name);
    }
    lua_pushlightuserdata(L, const_cast<error_category*>(&category));
    lua_pushcclosure(L, fn<make_error>, 2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

} // namespace emilua
