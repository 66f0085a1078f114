// A VM that runs a Lua program: what main(), spawn_vm and embedders start.
#pragma once

#include "core/runtime.hpp"
#include "lang/require.hpp"

#include <memory>

namespace emilua {

class context;

// Makes a VM of `entry`, gives it to the runtime and schedules it. Throws start_error; then nothing changed.
// `prepare`, if given, sees the VM before it can run.
vm& start_program(runtime& rt, std::shared_ptr<context> ctx, module_info entry,
                  const std::function<void(vm&)>& prepare = {});

} // namespace emilua
