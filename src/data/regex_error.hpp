// Category "regex": malformed patterns and matches that are too hard (04 §4.1).
#pragma once

#include "emilua/error.hpp"

namespace emilua {

// The numbers are contractual.
enum class regex_errc : int {
    bad_class = 1,
    bad_escape,
    bad_back_reference,
    unbalanced_bracket,
    unbalanced_group,
    unbalanced_brace,
    bad_brace,
    bad_range,
    pattern_too_large,
    bad_repetition,
    too_complex,
    out_of_memory,
    bad_collating_element,
};

const error_category& regex_category() noexcept;
error_code make_error_code(regex_errc e) noexcept;

} // namespace emilua

template <>
struct boost::system::is_error_code_enum<emilua::regex_errc> : std::true_type {
};
