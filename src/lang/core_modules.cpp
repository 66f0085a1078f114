#include "lang/core_modules.hpp"

#include "core/class.hpp"
#include "lang/lang.hpp"
#include "sync/condition_variable.hpp"
#include "sync/future.hpp"
#include "sync/mutex.hpp"
#include "sync/recursive_mutex.hpp"
#include "time/time.hpp"

namespace emilua {

lua_CFunction core_module(std::string_view name)
{
    static constexpr struct {
        std::string_view name;
        lua_CFunction open;
    } modules[] = {
        {"condition_variable", fn<open_condition_variable>},
        {"ffi", fn<open_ffi>},
        {"future", fn<open_future>},
        {"mutex", fn<open_mutex>},
        {"recursive_mutex", fn<open_recursive_mutex>},
        {"time", fn<open_time>},
    };
    for (auto& m : modules) {
        if (m.name == name)
            return m.open;
    }
    return nullptr;
}

} // namespace emilua
