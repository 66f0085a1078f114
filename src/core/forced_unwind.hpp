// Leaves a fiber's C stack for good: destructors run, no Lua code does, no pcall stops it.
#pragma once

#include <lua.hpp>
#include <unwind.h>

namespace emilua {

// To be called once a process before forced_unwind(), with any state outside protected code.
void learn_interpreter_frame(lua_State* L);

// Runs until a `catch (...)`, which must not throw on. `e` must live that long; `idle` is a Lua thread that
// runs nothing.
[[noreturn]] void forced_unwind(_Unwind_Exception& e, lua_State* idle);

} // namespace emilua
