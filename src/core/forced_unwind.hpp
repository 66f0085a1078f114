// Leaves a fiber's C stack for good: destructors run, no Lua code does, no pcall stops it.
#pragma once

#include <cstdint>
#include <lua.hpp>
#include <unwind.h>

namespace emilua {

// How to know LuaJIT's interpreter on the C stack, and where its frame keeps the lua_State.
struct interpreter_frame {
    std::uintptr_t function = 0;
    int slot = 0;

    bool operator==(const interpreter_frame&) const = default;
};

// `L`: any state outside protected code.
interpreter_frame find_interpreter_frame(lua_State* L);

// To be called once a process before forced_unwind(), with any state outside protected code.
void learn_interpreter_frame(lua_State* L);

// Runs until a `catch (...)`, which must not throw on. `e` must live that long; `idle` is a Lua thread that
// runs nothing.
[[noreturn]] void forced_unwind(_Unwind_Exception& e, lua_State* idle);

} // namespace emilua
