// The options of system.spawn (07 §10).
#pragma once

#include "system/linux/create_process.hpp"

#include <lua.hpp>

namespace emilua {

struct spawn_options {
    process_plan plan;
    int signal_on_gcreaper;
};

// Pushes a table with the options of the one at `index`. Reading them may run Lua code, so that is done once
// and before any of them is looked at.
void push_option_snapshot(lua_State* L, int index);

// Reads the snapshot at `index`. Runs no Lua code, the collector included. Raises EINVAL or EBUSY with the
// name of the first bad option.
spawn_options read_spawn_options(lua_State* L, int index);

} // namespace emilua
