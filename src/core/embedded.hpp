// Lua sources of ours, compiled into the binary as bytecode (lua/*.lua).
#pragma once

#include <lua.hpp>

namespace emilua {

enum class embedded { byte_span, byte_span_accessors, class_, finalizers, ip, lang, late_calls, scanner, stream };

// Pushes the compiled chunk. Raises "not enough memory" only.
void push_embedded(lua_State* L, embedded chunk);

} // namespace emilua
