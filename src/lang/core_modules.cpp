#include "lang/core_modules.hpp"

#include "actor/channel.hpp"
#include "core/class.hpp"
#include "data/byte_span.hpp"
#include "data/regex.hpp"
#include "data/stream.hpp"
#include "filesystem/filesystem.hpp"
#include "io/open.hpp"
#include "lang/lang.hpp"
#include "sync/condition_variable.hpp"
#include "sync/future.hpp"
#include "sync/mutex.hpp"
#include "sync/recursive_mutex.hpp"
#include "system/system.hpp"
#include "time/time.hpp"

namespace emilua {

lua_CFunction core_module(std::string_view name)
{
    static constexpr struct {
        std::string_view name;
        lua_CFunction open;
    } modules[] = {
        {"asio_error", fn<open_asio_error>},
        {"byte_span", fn<open_byte_span>},
        {"condition_variable", fn<open_condition_variable>},
        {"ffi", fn<open_ffi>},
        {"filesystem", fn<open_filesystem>},
        {"future", fn<open_future>},
        {"generic_error", fn<open_generic_error>},
        {"inbox", fn<open_inbox>},
        {"ip", fn<open_ip>},
        {"mutex", fn<open_mutex>},
        {"pipe", fn<open_pipe>},
        {"recursive_mutex", fn<open_recursive_mutex>},
        {"regex", fn<open_regex>},
        {"serial_port", fn<open_serial_port>},
        {"stream", fn<open_stream>},
        {"system", fn<open_system>},
        {"time", fn<open_time>},
        {"unix", fn<open_unix>},
    };
    for (auto& m : modules) {
        if (m.name == name)
            return m.open;
    }
    return nullptr;
}

} // namespace emilua
