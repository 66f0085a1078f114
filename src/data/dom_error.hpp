// Category "emilua.json.dom": data that cannot cross between Lua and a tree (04 §5.3), in JSON and in
// messages.
#pragma once

#include "emilua/error.hpp"

namespace emilua {

enum class dom_errc : int { out_of_range = 1, too_many_levels, array_too_long, cycle_exists };

const error_category& dom_category() noexcept;
error_code make_error_code(dom_errc e) noexcept;

} // namespace emilua

template <>
struct boost::system::is_error_code_enum<emilua::dom_errc> : std::true_type {
};
