// Objects that make errors by name: `generic_error.EINVAL`, `asio_error.misc.eof`.
#pragma once

#include "core/generic_errors.hpp"
#include "emilua/error.hpp"

namespace emilua {

// Pushes a userdata that shows `metatable`. Its keys are the names; reading one makes a new error table, any
// other key raises bad_index{index = 2}. `category` must be static.
void push_named_errors(lua_State* L, const char* metatable, const error_category& category,
                       std::span<const named_error> errors);

} // namespace emilua
