// The builtin init of a PID namespace (03 §10).
#pragma once

#include <functional>

namespace emilua {

// Called in process 1 of a PID namespace that has one thread. Forks and returns in the child, process 2:
// false if there is none, with errno. Process 1 forwards signals to it, reaps, and ends as it does. `forget`
// overwrites what process 1 need not know.
bool fork_below_pid1(const std::function<void()>& forget);

} // namespace emilua
