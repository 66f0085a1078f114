#include "data/regex_error.hpp"

namespace emilua {

namespace {

class regex_category_type final : public error_category {
public:
    const char* name() const noexcept override { return "regex"; }

    std::string message(int code) const override
    {
        switch (static_cast<regex_errc>(code)) {
        case regex_errc::bad_class: return "the expression contains an invalid character class name";
        case regex_errc::bad_escape:
            return "the expression contains an invalid escaped character or a trailing escape";
        case regex_errc::bad_back_reference: return "the expression contains an invalid back reference";
        case regex_errc::unbalanced_bracket:
            return "the expression contains mismatched square brackets ('[' and ']')";
        case regex_errc::unbalanced_group:
            return "the expression contains mismatched parentheses ('(' and ')')";
        case regex_errc::unbalanced_brace:
            return "the expression contains mismatched curly braces ('{' and '}')";
        case regex_errc::bad_brace: return "the expression contains an invalid range in a {} expression";
        case regex_errc::bad_range: return "the expression contains an invalid character range (e.g. [b-a])";
        case regex_errc::pattern_too_large:
            return "there was not enough memory to convert the expression into a finite state machine";
        case regex_errc::bad_repetition: return "one of *?+{ was not preceded by a valid regular expression";
        case regex_errc::too_complex:
            return "the complexity of an attempted match exceeded a predefined level";
        case regex_errc::out_of_memory: return "there was not enough memory to perform a match";
        case regex_errc::bad_collating_element:
            return "the expression contains an invalid collating element name";
        }
        return "regex error";
    }
};

} // namespace

const error_category& regex_category() noexcept
{
    static const regex_category_type category;
    return category;
}

error_code make_error_code(regex_errc e) noexcept
{
    return {static_cast<int>(e), regex_category()};
}

} // namespace emilua
