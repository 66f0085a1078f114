// The only file that sees Boost.Regex. Its matcher keeps what it may have to go back to in blocks on the
// heap; here is how many, and how many steps it may take.
#define BOOST_REGEX_MAX_BLOCKS 16384 // of 4 KiB

#include "data/regex_engine.hpp"

#include "data/regex_error.hpp"

#include <boost/regex.hpp>
#include <boost/system/system_error.hpp>
#include <cstring>
#include <iterator>

namespace emilua {

namespace {

using traits = boost::regex_traits<char>;
using results = boost::cmatch;
using matcher = boost::BOOST_REGEX_DETAIL_NS::perl_matcher<const char*, results::allocator_type, traits>;

constexpr std::ptrdiff_t least_steps = 20'000'000; // some tenths of a second
constexpr std::ptrdiff_t steps_per_byte = 64;

namespace boost_flag = boost::regex_constants;

boost_flag::match_flag_type match_flags(regex_grammar grammar, unsigned flags)
{
    auto result = grammar == regex_grammar::ecma ? boost_flag::match_perl : boost_flag::match_posix;
    auto map = [&](unsigned flag, boost_flag::match_flag_type to) {
        if (flags & flag)
            result |= to;
    };
    // Patterns have \A and \z for "^" and "$".
    map(regex_flag::not_bol, boost_flag::match_not_bob);
    map(regex_flag::not_eol, boost_flag::match_not_eob);
    map(regex_flag::not_bow, boost_flag::match_not_bow);
    map(regex_flag::not_eow, boost_flag::match_not_eow);
    map(regex_flag::any, boost_flag::match_any);
    map(regex_flag::not_null, boost_flag::match_not_null);
    map(regex_flag::continuous, boost_flag::match_continuous);
    return result;
}

// Runs Boost's code; `otherwise` is what errors other than a step limit mean.
template <class F>
auto guarded(regex_errc otherwise, F&& f)
{
    try {
        return f();
    } catch (const boost::regex_error& e) {
        bool is_complex = e.code() == boost_flag::error_complexity && otherwise == regex_errc::out_of_memory;
        throw boost::system::system_error{is_complex ? regex_errc::too_complex : otherwise};
    }
}

} // namespace

} // namespace emilua

// Boost's own estimate grows with the square of the pattern's length: minutes, for a long pattern.
template <>
void emilua::matcher::estimate_max_state_count(std::random_access_iterator_tag*)
{
    max_state_count = emilua::least_steps + emilua::steps_per_byte * std::distance(base, last);
}

namespace emilua {

struct regex::engine {
    boost::regex expression;
    results last;
};

regex::regex(std::string_view pattern, const regex_options& options)
    : options_{options}
{
    auto translated = translate_regex(pattern, options);
    mark_count_ = translated.mark_count;
    kind_ = translated.kind;
    for (std::size_t b = 0; b < set_.size(); ++b)
        set_[b] = translated.set[b];
    boost::regex::flag_type flags = boost::regex::perl;
    if (options.ignore_case)
        flags |= boost::regex::icase;
    engine_ = std::make_unique<engine>();
    guarded(regex_errc::pattern_too_large, [&] {
        engine_->expression.assign(translated.perl.data(), translated.perl.data() + translated.perl.size(),
                                   flags);
        return true;
    });
}

regex::~regex() = default;

bool regex::search(std::string_view subject, std::size_t start, unsigned flags)
{
    if (kind_ != regex_pattern::shape::general)
        return search_set(subject, start, flags);
    const char* base = subject.data();
    bool found = guarded(regex_errc::out_of_memory, [&] {
        return boost::regex_search(base + start, base + subject.size(), engine_->last, engine_->expression,
                                   match_flags(options_.grammar, flags), base);
    });
    if (found) {
        auto& m = engine_->last[0];
        whole_ = {static_cast<std::size_t>(m.first - base), static_cast<std::size_t>(m.second - base), true};
    }
    return found;
}

bool regex::search_set(std::string_view subject, std::size_t start, unsigned flags)
{
    auto contains = [&](std::size_t i) { return set_[static_cast<unsigned char>(subject[i])]; };
    std::size_t begin = start;
    if (!(flags & regex_flag::continuous)) {
        while (begin < subject.size() && !contains(begin))
            ++begin;
    }
    if (begin == subject.size() || !contains(begin))
        return false;
    std::size_t end = begin + 1;
    while (kind_ == regex_pattern::shape::run && end < subject.size() && contains(end))
        ++end;
    whole_ = {begin, end, true};
    return true;
}

bool regex::match(std::string_view subject, unsigned flags)
{
    const char* begin = subject.data();
    return guarded(regex_errc::out_of_memory, [&] {
        return boost::regex_match(begin, begin + subject.size(), engine_->last, engine_->expression,
                                  match_flags(options_.grammar, flags));
    });
}

regex::range regex::group(std::size_t i) const
{
    auto& m = engine_->last[static_cast<int>(i)];
    if (!m.matched)
        return {};
    const char* base = engine_->last.base();
    return {static_cast<std::size_t>(m.first - base), static_cast<std::size_t>(m.second - base), true};
}

} // namespace emilua
