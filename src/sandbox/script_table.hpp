// What an init script may call and name. Each platform defines its own tables.
#pragma once

#include "sandbox/script_call.hpp"

#include <span>

namespace emilua::init_script {

extern const std::span<const function> helpers;   // globals
extern const std::span<const function> functions; // members of C
extern const std::span<const constant> constants; // members of C

} // namespace emilua::init_script
