#include "lang/core_modules.hpp"

#include "core/class.hpp"
#include "filesystem/filesystem.hpp"
#include "lang/lang.hpp"

namespace emilua {

lua_CFunction core_module(std::string_view name)
{
    static constexpr struct {
        std::string_view name;
        lua_CFunction open;
    } modules[] = {
        {"ffi", fn<open_ffi>},
        {"filesystem", fn<open_filesystem>},
    };
    for (auto& m : modules) {
        if (m.name == name)
            return m.open;
    }
    return nullptr;
}

} // namespace emilua
