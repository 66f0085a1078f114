// print(): the standard one, but a write error is raised instead of lost (00-overview, decision 2).
#include "core/class.hpp"
#include "lang/lang.hpp"

#include <cerrno>
#include <cstdio>

namespace emilua {

namespace {

// VMs of other threads print too: lines stay whole.
class locked_output {
public:
    locked_output() { flockfile(stdout); }
    ~locked_output() { funlockfile(stdout); }
    locked_output(const locked_output&) = delete;
    locked_output& operator=(const locked_output&) = delete;

    void write(lua_State* L, const char* text, std::size_t size)
    {
        if (fwrite_unlocked(text, 1, size, stdout) == size)
            return;
        int error = errno;
        clearerr_unlocked(stdout);
        raise_errno(L, error);
    }
};

// Replaces the arguments by their texts. Other fibers may run meanwhile.
void convert(lua_State* L, int count)
{
    lua_getglobal(L, "tostring");
    for (int i = 1; i <= count; ++i) {
        if (lua_type(L, i) == LUA_TSTRING) // the common case needs no call
            continue;
        lua_pushvalue(L, -1);
        lua_pushvalue(L, i);
        lua_call(L, 1, 1);
        if (!lua_isstring(L, -1))
            luaL_error(L, "'tostring' must return a string to 'print'");
        lua_tostring(L, -1);
        lua_replace(L, i);
    }
}

int print(lua_State* L)
{
    check_c_stack(L);
    int count = lua_gettop(L);
    convert(L, count);
    locked_output out;
    for (int i = 1; i <= count; ++i) {
        if (i > 1)
            out.write(L, "\t", 1);
        std::size_t size;
        const char* text = lua_tolstring(L, i, &size);
        out.write(L, text, size);
    }
    out.write(L, "\n", 1);
    return 0;
}

} // namespace

void set_print(lua_State* L)
{
    set_functions(L, {{"print", fn<print>}});
}

} // namespace emilua
