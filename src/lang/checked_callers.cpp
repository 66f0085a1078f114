// Library functions that call Lua back from C. LuaJIT does not check the C stack that their recursion takes
// (9 kB a level in gsub) and would overflow it: they raise "C stack overflow" here. string.format, which the
// JIT compiler knows, is checked in lua/lang.lua.
#include "core/class.hpp"
#include "lang/lang.hpp"

namespace emilua {

namespace {

// The C function on top of the stack is called with the arguments at hand, on the same frame: it costs
// nothing but the check. Upvalue 1 holds it as a light userdata.
template <std::size_t Reserve>
int call_checked(lua_State* L)
{
    check_c_stack(L, Reserve);
    auto original = reinterpret_cast<lua_CFunction>(lua_touserdata(L, lua_upvalueindex(1)));
    return original(L);
}

// Replaces t[name], t being on top of the stack.
template <std::size_t Reserve>
void check_calls(lua_State* L, const char* name)
{
    lua_getfield(L, -1, name);
    lua_CFunction original = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    lua_pushlightuserdata(L, reinterpret_cast<void*>(original));
    lua_pushcclosure(L, fn<call_checked<Reserve>>, 1);
    lua_setfield(L, -2, name);
}

} // namespace

void set_checked_callers(lua_State* L)
{
    for (const char* name : {"load", "loadstring", "loadfile", "dofile"})
        check_calls<parser_reserve>(L, name);
    lua_getfield(L, -1, "string");
    check_calls<c_stack_reserve>(L, "gsub");
    lua_pop(L, 1);
    lua_getfield(L, -1, "table");
    check_calls<c_stack_reserve>(L, "sort");
    lua_pop(L, 1);
}

} // namespace emilua
