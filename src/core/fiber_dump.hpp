// A debugging aid: where the fibers of a VM stand.
#pragma once

#include <cstdint>
#include <string>

namespace emilua {

class vm;

// Milliseconds of a monotonic clock that is cheap and coarse.
std::int64_t coarse_milliseconds();

// Of each fiber its id, state, what it waits for and how long, and its Lua stack, that of the user coroutines
// it is inside of first. To be called from the VM's scheduler. Runs no Lua code, finalizers included.
std::string fiber_dump(vm& v);

} // namespace emilua
