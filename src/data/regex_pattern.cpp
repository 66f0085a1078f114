#include "data/regex_pattern.hpp"

#include "data/regex_error.hpp"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/regex/regex_traits.hpp>
#include <boost/system/system_error.hpp>
#include <locale>
#include <optional>
#include <utility>
#include <vector>

namespace emilua {

namespace {

// The engine compiles nested groups recursively.
constexpr std::size_t max_depth = 100;
constexpr std::size_t max_source = 1024 * 1024;
constexpr std::size_t max_count = 100'000;
constexpr std::size_t npos = std::string::npos;

// Not Boost's: there a vertical tab is blank.
constexpr std::array<std::pair<std::string_view, std::ctype_base::mask>, 15> classes = {{
    {"alnum", std::ctype_base::alnum},
    {"alpha", std::ctype_base::alpha},
    {"blank", std::ctype_base::blank},
    {"cntrl", std::ctype_base::cntrl},
    {"d", std::ctype_base::digit},
    {"digit", std::ctype_base::digit},
    {"graph", std::ctype_base::graph},
    {"lower", std::ctype_base::lower},
    {"print", std::ctype_base::print},
    {"punct", std::ctype_base::punct},
    {"s", std::ctype_base::space},
    {"space", std::ctype_base::space},
    {"upper", std::ctype_base::upper},
    {"w", std::ctype_base::alnum}, // and the underscore
    {"xdigit", std::ctype_base::xdigit},
}};

[[noreturn]] void fail(regex_errc e)
{
    throw boost::system::system_error{e};
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_one_of(char c, std::string_view set)
{
    return set.find(c) != npos;
}

std::size_t index(char c)
{
    return static_cast<unsigned char>(c);
}

class translator {
public:
    translator(std::string_view source, const regex_options& options)
        : source_{source}
        , options_{options}
    {
    }

    regex_pattern run()
    {
        if (source_.size() > max_source)
            fail(regex_errc::pattern_too_large);
        while (!at_end())
            piece();
        if (groups_.size() > 1)
            fail(regex_errc::unbalanced_group);
        classify();
        return std::move(result_);
    }

private:
    struct group {
        std::size_t begin;
        bool is_assertion = false;
        std::size_t depth = 0; // of what was nested inside so far
    };

    bool is(regex_grammar g) const { return options_.grammar == g; }
    bool at_end() const { return position_ == source_.size(); }
    bool next_is(char c) const { return !at_end() && source_[position_] == c; }
    char take() { return source_[position_++]; }
    bool accept(char c)
    {
        bool found = next_is(c);
        position_ += found;
        return found;
    }
    bool accept(std::string_view text)
    {
        bool found = source_.substr(position_).starts_with(text);
        position_ += found ? text.size() : 0;
        return found;
    }

    // --- Output

    // Begins something that may be repeated.
    void begin_atom(std::size_t depth = 0)
    {
        atom_ = result_.perl.size();
        atom_depth_ = depth;
        is_repeated_ = false;
        ++atoms_;
    }

    void literal(char c)
    {
        begin_atom();
        if (is_one_of(c, "\\^$.|?*+()[]{}"))
            result_.perl += '\\';
        result_.perl += c;
        last_set_.reset();
        last_set_.set(index(c));
        if (options_.ignore_case)
            ignore_case(last_set_);
    }

    // What takes no bytes can't be repeated.
    void assertion(std::string_view perl)
    {
        result_.perl += perl;
        atom_ = npos;
        ++atoms_;
        last_set_.reset();
    }

    void hex(std::size_t byte)
    {
        constexpr std::string_view digits = "0123456789abcdef";
        result_.perl += "\\x";
        result_.perl += digits[byte / 16];
        result_.perl += digits[byte % 16];
    }

    void set(const byte_set& bytes)
    {
        begin_atom();
        last_set_ = bytes;
        result_.perl += bytes.none() ? "[^" : "[";
        byte_set shown = bytes.none() ? ~bytes : bytes;
        if (options_.ignore_case) // then the engine sees no upper case, and translates the ends of ranges
            shown &= lower_case();
        for (std::size_t first = 0; first < 256; ++first) {
            if (!shown[first])
                continue;
            std::size_t last = first;
            // The engine's bytes are signed: no range goes beyond 0x7f.
            while (last != 0x7f && last != 0xff && shown[last + 1])
                ++last;
            hex(first);
            if (last != first) {
                result_.perl += '-';
                hex(last);
            }
            first = last;
        }
        result_.perl += ']';
    }

    void check_depth(std::size_t depth) const
    {
        if (groups_.size() + depth > max_depth)
            fail(regex_errc::pattern_too_large);
    }

    // --- Structure

    void piece()
    {
        bool is_first = at_start_;
        at_start_ = false;
        char c = take();
        if (c == '\\') {
            if (is(regex_grammar::basic) && !at_end() && is_one_of(source_[position_], "(){}"))
                operation(take());
            else
                escape();
        } else if (is(regex_grammar::basic)) {
            // "^" and "$" are anchors at the ends of the pattern and of groups only.
            bool is_last = at_end() || source_.substr(position_).starts_with("\\)");
            if (is_one_of(c, "*.[") || (c == '^' && is_first) || (c == '$' && is_last))
                operation(c);
            else
                literal(c);
        } else if (is_one_of(c, "^$.|?*+()[{")) {
            operation(c);
        } else {
            literal(c);
        }
    }

    void operation(char c)
    {
        switch (c) {
        case '(': open_group(); break;
        case ')': close_group(); break;
        case '|':
            assertion("|");
            at_start_ = true;
            break;
        case '*': repeat("*"); break;
        case '+': repeat("+"); break;
        case '?': repeat("?"); break;
        case '{': braces(); break;
        case '}': fail(regex_errc::unbalanced_brace);
        case '[': bracket(); break;
        case '.': set(any()); break;
        // The engine's "^" and "$" know lines.
        case '^': assertion("\\A"); break;
        case '$': assertion("\\z"); break;
        }
    }

    byte_set any() const
    {
        byte_set all;
        all.set();
        if (is(regex_grammar::ecma))
            return all.reset('\n').reset('\r');
        return all.reset(0);
    }

    void open_group()
    {
        group g{.begin = result_.perl.size()};
        if (is(regex_grammar::ecma) && accept("?:")) {
            result_.perl += "(?:";
        } else if (is(regex_grammar::ecma) && (accept("?=") || accept("?!"))) {
            result_.perl += source_[position_ - 1] == '=' ? "(?=" : "(?!";
            g.is_assertion = true;
        } else if (options_.nosubs) {
            result_.perl += "(?:";
        } else {
            result_.perl += '(';
            ++result_.mark_count;
        }
        groups_.push_back(g);
        check_depth(0);
        atom_ = npos;
        at_start_ = true;
    }

    void close_group()
    {
        if (groups_.size() == 1)
            fail(regex_errc::unbalanced_group);
        group g = groups_.back();
        groups_.pop_back();
        if (g.is_assertion) {
            assertion(")");
        } else {
            begin_atom(g.depth + 1);
            atom_ = g.begin;
            result_.perl += ')';
            last_set_.reset();
        }
        groups_.back().depth = std::max(groups_.back().depth, g.depth + 1);
    }

    // --- Repetitions

    // A repeated repetition is one of a group: "a**" is "(?:a*)*".
    void repeat(std::string_view perl)
    {
        if (atom_ == npos)
            fail(regex_errc::bad_repetition);
        if (is_repeated_) {
            check_depth(++atom_depth_);
            groups_.back().depth = std::max(groups_.back().depth, atom_depth_);
            result_.perl.insert(atom_, "(?:");
            result_.perl += ')';
            last_set_.reset();
        }
        is_repeated_ = true;
        is_run_ = perl == "+";
        result_.perl += perl;
        if (is(regex_grammar::ecma) && accept('?')) {
            result_.perl += '?';
            is_run_ = false;
        }
    }

    std::size_t number()
    {
        std::size_t n = 0;
        while (!at_end() && is_digit(source_[position_]))
            n = std::min<std::size_t>(n * 10 + static_cast<std::size_t>(take() - '0'), max_count + 1);
        return n;
    }

    void braces()
    {
        if (atom_ == npos)
            fail(regex_errc::bad_repetition);
        std::size_t begin = position_;
        if (at_end() || !is_digit(source_[position_]))
            fail(regex_errc::bad_brace);
        std::size_t low = number();
        std::size_t high = low;
        if (accept(','))
            high = !at_end() && is_digit(source_[position_]) ? number() : std::max(low, max_count);
        std::size_t end = position_;
        if (at_end())
            fail(regex_errc::unbalanced_brace);
        if (!accept(is(regex_grammar::basic) ? std::string_view{"\\}"} : std::string_view{"}"}) || low > high)
            fail(regex_errc::bad_brace);
        if (high > max_count)
            fail(regex_errc::pattern_too_large);
        repeat('{' + std::string{source_.substr(begin, end - begin)} + '}');
    }

    // --- Escapes

    void escape()
    {
        if (at_end())
            fail(regex_errc::bad_escape);
        char c = take();
        if (is(regex_grammar::ecma)) {
            if (c == 'b' || c == 'B')
                assertion(c == 'b' ? "\\b" : "\\B");
            else if (is_digit(c) && c != '0')
                back_reference();
            else if (auto bytes = class_escape(c))
                set(*bytes);
            else
                literal(ecma_escape(c));
        } else if (is(regex_grammar::basic) && is_digit(c) && c != '0') {
            back_reference();
        } else if (is_one_of(c, is(regex_grammar::basic) ? ".[]\\*^$" : ".[]\\()*+?{}|^$")) {
            literal(c);
        } else {
            fail(regex_errc::bad_escape);
        }
    }

    // POSIX: one digit.
    void back_reference()
    {
        --position_;
        std::size_t n = is(regex_grammar::ecma) ? number() : static_cast<std::size_t>(take() - '0');
        if (n > result_.mark_count)
            fail(regex_errc::bad_back_reference);
        begin_atom();
        last_set_.reset();
        result_.perl += "\\g{" + std::to_string(n) + '}';
    }

    std::optional<byte_set> class_escape(char c) const
    {
        if (!is_one_of(c, "dDsSwW"))
            return {};
        char name = static_cast<char>(c | 0x20);
        byte_set bytes = named_class({&name, 1});
        return c == name ? bytes : ~bytes;
    }

    char ecma_escape(char c)
    {
        switch (c) {
        case '0': return '\0';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'v': return '\v';
        case 'c': {
            char letter = at_end() ? '\0' : take();
            if (!((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z'))
                fail(regex_errc::bad_escape);
            return static_cast<char>(letter % 32);
        }
        case 'x': return hex_escape(2);
        case 'u': return hex_escape(4);
        default: return c;
        }
    }

    char hex_escape(int digits)
    {
        int value = 0;
        for (; digits > 0; --digits) {
            int digit = at_end() ? -1 : traits_.value(take(), 16);
            if (digit < 0)
                fail(regex_errc::bad_escape);
            value = value * 16 + digit;
        }
        if (value > 0xff)
            fail(regex_errc::bad_escape); // no byte
        return static_cast<char>(value);
    }

    // --- Bracket expressions

    void bracket()
    {
        byte_set bytes;
        bool is_negated = accept('^');
        bool closes = is(regex_grammar::ecma); // in POSIX a first "]" is a member
        for (; !(closes && accept(']')); closes = true) {
            auto low = bracket_member(bytes);
            if (source_.substr(position_).starts_with('-') && !source_.substr(position_).starts_with("-]")) {
                ++position_;
                auto high = bracket_member(bytes);
                if (!low || !high || *low > *high)
                    fail(regex_errc::bad_range);
                for (std::size_t b = *low; b <= *high; ++b)
                    bytes.set(b);
            } else if (low) {
                bytes.set(*low);
            }
        }
        if (options_.ignore_case)
            ignore_case(bytes);
        set(is_negated ? ~bytes : bytes);
    }

    // A byte, or nothing after a class was added to `bytes`.
    std::optional<std::size_t> bracket_member(byte_set& bytes)
    {
        if (at_end())
            fail(regex_errc::unbalanced_bracket);
        char c = take();
        if (c == '[' && !at_end() && is_one_of(source_[position_], ":.="))
            return named_member(bytes);
        if (c == '\\' && is(regex_grammar::ecma)) {
            if (at_end())
                fail(regex_errc::bad_escape);
            c = take();
            if (auto members = class_escape(c)) {
                bytes |= *members;
                return {};
            }
            if (is_digit(c) && c != '0')
                fail(regex_errc::bad_escape);
            c = c == 'b' ? '\b' : ecma_escape(c);
        }
        return index(c);
    }

    // [:class:], [.element.], [=element=]
    std::optional<std::size_t> named_member(byte_set& bytes)
    {
        char kind = take();
        std::size_t end = source_.find(std::string{kind, ']'}, position_);
        if (end == npos)
            fail(regex_errc::unbalanced_bracket);
        auto name = source_.substr(position_, end - position_);
        position_ = end + 2;
        if (kind == ':') {
            bytes |= named_class(name);
            return {};
        }
        std::string element = name.size() == 1
                                  ? std::string{name}
                                  : traits_.lookup_collatename(name.data(), name.data() + name.size());
        if (element.size() != 1)
            fail(regex_errc::bad_collating_element);
        return index(element[0]);
    }

    // Subjects are bytes in the "C" locale (04 §4.2), whatever the process locale is.
    static boost::cpp_regex_traits<char> classic_traits()
    {
        boost::cpp_regex_traits<char> traits;
        traits.imbue(std::locale::classic());
        return traits;
    }

    byte_set named_class(std::string_view typed) const
    {
        auto name = boost::algorithm::to_lower_copy(std::string{typed}, std::locale::classic());
        if (options_.ignore_case && (name == "lower" || name == "upper"))
            name = "alpha";
        auto known = std::ranges::find(classes, name, &decltype(classes)::value_type::first);
        if (known == classes.end())
            fail(regex_errc::bad_class);
        auto& characters = std::use_facet<std::ctype<char>>(std::locale::classic());
        byte_set bytes;
        for (std::size_t b = 0; b < 256; ++b)
            bytes[b] = characters.is(known->second, static_cast<char>(b));
        if (name == "w")
            bytes.set('_');
        return bytes;
    }

    static byte_set lower_case()
    {
        byte_set bytes;
        bytes.set();
        for (std::size_t upper = 'A'; upper <= 'Z'; ++upper)
            bytes.reset(upper);
        return bytes;
    }

    static void ignore_case(byte_set& bytes)
    {
        for (std::size_t upper = 'A'; upper <= 'Z'; ++upper) {
            std::size_t lower = upper + ('a' - 'A');
            bytes[upper] = bytes[lower] = bytes[upper] || bytes[lower];
        }
    }

    void classify()
    {
        if (atoms_ != 1 || last_set_.none() || result_.mark_count != 0 || (is_repeated_ && !is_run_))
            return;
        result_.kind = is_repeated_ ? regex_pattern::shape::run : regex_pattern::shape::byte;
        result_.set = last_set_;
    }

    std::string_view source_;
    const regex_options& options_;
    const boost::cpp_regex_traits<char> traits_ = classic_traits(); // names of characters
    regex_pattern result_;
    std::size_t position_ = 0;
    std::vector<group> groups_{group{.begin = 0}};
    bool at_start_ = true;       // of the pattern, of a group, of an alternative
    std::size_t atom_ = npos;    // begin of what a repetition applies to, in the output
    std::size_t atom_depth_ = 0; // groups nested in it
    bool is_repeated_ = false;   // it has a repetition already
    bool is_run_ = false;        // which is "+"
    std::size_t atoms_ = 0;
    byte_set last_set_; // the last atom, if it is one byte of a set
};

} // namespace

regex_pattern translate_regex(std::string_view source, const regex_options& options)
{
    return translator{source, options}.run();
}

} // namespace emilua
