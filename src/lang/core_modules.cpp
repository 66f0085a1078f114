#include "lang/core_modules.hpp"

#include "core/class.hpp"
#include "data/byte_span.hpp"
#include "data/stream.hpp"
#include "lang/lang.hpp"

namespace emilua {

lua_CFunction core_module(std::string_view name)
{
    static constexpr struct {
        std::string_view name;
        lua_CFunction open;
    } modules[] = {
        {"byte_span", fn<open_byte_span>},
        {"ffi", fn<open_ffi>},
        {"stream", fn<open_stream>},
    };
    for (auto& m : modules) {
        if (m.name == name)
            return m.open;
    }
    return nullptr;
}

} // namespace emilua
