// Lua sources of ours, compiled into the binary as bytecode (lua/*.lua).
#pragma once

#include <lua.hpp>

namespace emilua {

enum class embedded {
    byte_span,
    byte_span_accessors,
    class_,
    finalizers,
    ip,
    lang,
    late_calls,
    scanner,
    stream
};

// To be called once per VM with its main Lua thread, when the libraries are open and no program has run.
void keep_library(lua_State* L);

// Pushes the environment of the chunks, which no program ever sees. It has what chunks that are loaded late
// take from tables that programs can change, and the globals of the main Lua thread.
void push_library(lua_State* L);

// Pushes the compiled chunk. Raises "not enough memory" only.
void push_embedded(lua_State* L, embedded chunk);

} // namespace emilua
