// A VM that runs a Lua program: what main(), spawn_vm and embedders start.
#pragma once

#include "core/runtime.hpp"
#include "lang/require.hpp"

#include <memory>

namespace emilua {

class context;

// Makes a VM of `entry`. Throws start_error.
std::unique_ptr<vm> load_program(runtime& rt, std::shared_ptr<context> ctx, module_info entry);

// Gives the VM to the runtime and schedules it.
void start_program(std::unique_ptr<vm> v);

} // namespace emilua
