#include "core/arguments.hpp"
#include "core/class.hpp"
#include "core/runtime.hpp"
#include "system/system.hpp"

#include <cstdlib>
#include <unistd.h>

namespace emilua {

namespace {

enum class force { none, now, abort };

// The option `force` of the table at 2.
force read_force(lua_State* L)
{
    lua_getfield(L, 2, "force");
    force result = force::none;
    switch (lua_type(L, -1)) {
    case LUA_TNIL: break;
    case LUA_TNUMBER: {
        lua_Number n = lua_tonumber(L, -1);
        if (n == 1)
            raise(L, errc::not_supported);
        if (n != 0 && n != 2)
            raise_invalid_argument(L, "force");
        result = n == 2 ? force::now : force::none;
        break;
    }
    case LUA_TSTRING:
        if (text_at(L, -1) != "abort")
            raise_invalid_argument(L, "force");
        result = force::abort;
        break;
    default: raise_invalid_argument(L, 2);
    }
    lua_pop(L, 1);
    return result;
}

} // namespace

int system_exit(lua_State* L)
{
    auto code = static_cast<int>(luaL_optinteger(L, 1, 0));
    vm& v = vm::of(L);
    runtime& rt = v.rt();
    if (rt.master() == &v) {
        switch (lua_istable(L, 2) ? read_force(L) : force::none) {
        case force::none: rt.exit(code); break;
        case force::now: _exit(code);
        case force::abort: std::abort();
        }
    } else if (!lua_isnoneornil(L, 2)) {
        raise(L, errc::operation_not_permitted);
    }
    // A finalizer that runs while the VM closes has no fiber to leave; the VM ends anyway.
    if (!v.current())
        return 0;
    v.abort_current(ending::exit);
}

} // namespace emilua
