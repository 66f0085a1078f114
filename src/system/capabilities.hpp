// Objects of type linux_capabilities (07 §8).
#pragma once

#include "system/linux/capability.hpp"

#include <lua.hpp>

namespace emilua {

struct linux_capabilities {
    capability::set value;
};

// Pushes an object of what a function of libcap returned; raises errno, in category `system`, if that is
// null. Registers the class in this VM when it is needed.
void push_capabilities(lua_State* L, cap_t result);

} // namespace emilua
