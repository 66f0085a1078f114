// A compiled regular expression: Boost.Regex behind a small face, because its headers are heavy.
#pragma once

#include "data/regex_pattern.hpp"

#include <array>
#include <cstddef>
#include <lua.hpp>
#include <memory>
#include <string_view>

namespace emilua {

// Bits of regex.match_flag.
namespace regex_flag {
inline constexpr unsigned not_bol = 1;
inline constexpr unsigned not_eol = 2;
inline constexpr unsigned not_bow = 4;
inline constexpr unsigned not_eow = 8;
inline constexpr unsigned any = 16;
inline constexpr unsigned not_null = 32;
inline constexpr unsigned continuous = 64;
} // namespace regex_flag

// Keeps the groups of its last match. Matching suspends never and uses little of the C stack: what it has to
// remember is on the heap, and limited.
class regex {
public:
    // A part of the subject.
    struct range {
        std::size_t begin = 0;
        std::size_t end = 0;
        bool matched = false;

        bool empty() const { return begin == end; }
        std::string_view of(std::string_view subject) const { return subject.substr(begin, end - begin); }
    };

    // Throws boost::system::system_error of category "regex".
    regex(std::string_view pattern, const regex_options& options);
    ~regex();
    regex(const regex&) = delete;
    regex& operator=(const regex&) = delete;

    const regex_options& options() const { return options_; }
    std::size_t mark_count() const { return mark_count_; }

    // Finds the first match that begins at `start` or later; what is before is context. Throws
    // boost::system::system_error: too_complex, out_of_memory.
    bool search(std::string_view subject, std::size_t start = 0, unsigned flags = 0);
    // The same for a match of the whole subject.
    bool match(std::string_view subject, unsigned flags = 0);

    // Of the last successful search() or match().
    range whole() const { return whole_; }
    // 1 to mark_count().
    range group(std::size_t i) const;

private:
    struct engine;

    bool search_set(std::string_view subject, std::size_t start, unsigned flags);

    regex_options options_;
    std::size_t mark_count_;
    regex_pattern::shape kind_;
    std::array<bool, 256> set_; // of the patterns that need no engine
    range whole_;
    std::unique_ptr<engine> engine_;
};

// Calls use(range) for the pieces of `subject` between the matches of `separator`.
template <class F>
void split(regex& separator, std::string_view subject, F&& use)
{
    std::size_t position = 0;
    bool is_first = true;
    for (; separator.search(subject, position, regex_flag::not_null); is_first = false) {
        use(regex::range{position, separator.whole().begin, true});
        position = separator.whole().end;
    }
    if (position < subject.size() || is_first)
        use(regex::range{position, subject.size(), true});
}

// C stack that compiling a pattern takes, at most.
inline constexpr std::size_t regex_stack_reserve = 96 * 1024;

} // namespace emilua
