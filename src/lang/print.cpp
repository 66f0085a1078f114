// print(): the standard one, but a write error is raised instead of lost (00-overview, decision 2).
#include "core/class.hpp"
#include "lang/lang.hpp"

#include <cerrno>
#include <cstdio>

namespace emilua {

namespace {

void write_out(lua_State* L, const char* text, std::size_t size)
{
    if (std::fwrite(text, 1, size, stdout) == size)
        return;
    int error = errno;
    std::clearerr(stdout);
    raise(L, error_code{error, boost::system::system_category()});
}

int print(lua_State* L)
{
    check_c_stack(L);
    int count = lua_gettop(L);
    lua_getglobal(L, "tostring");
    for (int i = 1; i <= count; ++i) {
        if (lua_type(L, i) != LUA_TSTRING) { // the common case needs no call
            lua_pushvalue(L, -1);
            lua_pushvalue(L, i);
            lua_call(L, 1, 1);
            if (!lua_isstring(L, -1))
                return luaL_error(L, "'tostring' must return a string to 'print'");
            lua_replace(L, i);
        }
        if (i > 1)
            write_out(L, "\t", 1);
        std::size_t size;
        const char* text = lua_tolstring(L, i, &size);
        write_out(L, text, size);
    }
    write_out(L, "\n", 1);
    return 0;
}

} // namespace

void set_print(lua_State* L)
{
    set_functions(L, {{"print", fn<print>}});
}

} // namespace emilua
