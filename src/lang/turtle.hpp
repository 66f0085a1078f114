// Error categories written in Turtle: .ttl modules (01 §3.10).
#pragma once

#include "emilua/error.hpp"

#include <string>

namespace emilua {

// Pushes the module of the Turtle file `file` (absolute path). On failure pushes nothing and says why:
// bad_rdf, bad_rdf_module, bad_rdf_error_category, or the system error of reading the file. A category is
// made once a process. Never suspends.
error_code push_turtle_module(lua_State* L, const std::string& file);

} // namespace emilua
