// A plugin that writes down what the runtime calls. Environment variable PROBE_FAIL=context|module makes the
// first call of that stage fail.
#include "emilua/plugin.hpp"

#include <cstdlib>
#include <string>

namespace {

std::string log; // no initialisation at load time: the compiler sees a constant
int failures = 0;

emilua::error_code first_time(const char* stage)
{
    const char* wanted = std::getenv("PROBE_FAIL");
    if (!wanted || std::string{wanted} != stage || failures++ > 0)
        return {};
    return emilua::errc::make_error_code(emilua::errc::device_or_resource_busy);
}

int calls(lua_State* L)
{
    lua_pushlstring(L, log.data(), log.size());
    return 1;
}

class probe final : public emilua::plugin {
    void init_process() noexcept override { log += "process "; }

    emilua::error_code init_context(boost::asio::io_context& io) noexcept override
    {
        log += io.stopped() ? "stopped " : "context ";
        return first_time("context");
    }

    emilua::error_code init_module(lua_State* L) override
    {
        log += "module ";
        if (emilua::error_code ec = first_time("module"))
            return ec;
        lua_pushcfunction(L, calls);
        return {};
    }
};

} // namespace

EMILUA_PLUGIN(probe)
