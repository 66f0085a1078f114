// Patterns of the three grammars (04 §4.1), checked and translated to the one syntax that the engine is
// given.
//
// Boost.Regex has these grammars too, but accepts and means other things in many places: named groups in
// Perl patterns, "a{x}" as a literal, "a++" as possessive, "." and "\f". Here the contract is decided; the
// engine sees literals, sets, groups, counted repetitions and back references only.
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>

namespace emilua {

enum class regex_grammar : unsigned char { basic, extended, ecma };

struct regex_options {
    regex_grammar grammar = regex_grammar::ecma;
    bool ignore_case = false;
    bool nosubs = false;
    bool optimize = false;
};

using byte_set = std::bitset<256>;

struct regex_pattern {
    std::string perl; // for the engine
    std::size_t mark_count = 0;

    // The whole pattern is one byte of `set`, or the longest run of them: it needs no engine.
    enum class shape : unsigned char { general, byte, run };
    shape kind = shape::general;
    byte_set set;
};

// Throws boost::system::system_error of category "regex". Stack use does not depend on the pattern.
regex_pattern translate_regex(std::string_view source, const regex_options& options);

} // namespace emilua
