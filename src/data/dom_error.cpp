#include "data/dom_error.hpp"

namespace emilua {

namespace {

class dom_category_type final : public error_category {
public:
    const char* name() const noexcept override { return "emilua.json.dom"; }

    std::string message(int code) const override
    {
        switch (static_cast<dom_errc>(code)) {
        case dom_errc::out_of_range: return "ERANGE on json";
        case dom_errc::too_many_levels: return "Too many levels";
        case dom_errc::array_too_long: return "Array too long";
        case dom_errc::cycle_exists: return "Reference cycle exists";
        }
        return "emilua.json.dom error";
    }
};

} // namespace

const error_category& dom_category() noexcept
{
    static const dom_category_type category;
    return category;
}

error_code make_error_code(dom_errc e) noexcept
{
    return {static_cast<int>(e), dom_category()};
}

} // namespace emilua
