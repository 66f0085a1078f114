// User coroutines (01 §2.8): independent of fibers, with scopes of their own.
#pragma once

#include "core/fiber.hpp"

#include <cstdint>
#include <lua.hpp>

namespace emilua {

// The scopes of a user coroutine while it does not run. The payload of a userdata whose environment is the
// table of clean-up handlers.
struct coroutine_state {
    std::int32_t depth = 1;
    std::int32_t handlers_depth = 0;
    bool running = false; // some fiber is inside; lua_status() is of no help in message handlers
};

// new_coroutine, wrap_coroutine: into the table on top, for lua/lang.lua.
void set_coroutine_natives(lua_State* L);
// resume, yield, running, status, isyieldable: into the table `coroutine` on top.
void set_coroutine_functions(lua_State* L);
// Pushes the table of clean-up handlers of the running user coroutine.
void push_coroutine_handlers(lua_State* L);

} // namespace emilua
