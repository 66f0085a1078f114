#include "lang/core_modules.hpp"

#include "core/class.hpp"
#include "data/byte_span.hpp"
#include "io/open.hpp"
#include "lang/lang.hpp"
#include "time/time.hpp"

namespace emilua {

lua_CFunction core_module(std::string_view name)
{
    static constexpr struct {
        std::string_view name;
        lua_CFunction open;
    } modules[] = {
        {"byte_span", fn<open_byte_span>},
        {"ffi", fn<open_ffi>},
        {"ip", fn<open_ip>},
        {"asio_error", fn<open_asio_error>},
        {"ffi", fn<open_ffi>},
        {"generic_error", fn<open_generic_error>},
        {"time", fn<open_time>},
    };
    for (auto& m : modules) {
        if (m.name == name)
            return m.open;
    }
    return nullptr;
}

} // namespace emilua
