// Native plugins: modules written in C++ (specification 01 §3.9).
//
//     class hello final : public emilua::plugin {
//         emilua::error_code init_module(lua_State* L) override
//         {
//             lua_pushliteral(L, "hello");
//             return {};
//         }
//     };
//     EMILUA_PLUGIN(hello)
//
// Compiled to libhello.so in a package directory it is what require 'hello' returns. What it uses of the
// runtime is found in the program that loads it: give the linker no libemilua. Compile with the flags of
// `pkg-config --cflags emilua`, they are part of the ABI.
#pragma once

#include "emilua/error.hpp"
#include "emilua/version.hpp"

#include <boost/asio/io_context.hpp>
#include <lua.hpp>

namespace emilua {

// The three stages run in this order. No two calls for the same plugin run at once, but for init_module().
//
// A plugin is never unloaded or destroyed. Dependencies (NAME.deps) have passed the first two stages before.
class plugin {
public:
    // Once a process.
    virtual void init_process() noexcept {}

    // At least once for each I/O context whose VMs import the plugin, or one that depends on it; makes the
    // services that it needs there. Must be idempotent. An error is raised by require, and the next import
    // tries again.
    virtual error_code init_context(boost::asio::io_context&) noexcept { return {}; }

    // Once a VM: pushes one value, the result of require. An error is raised by require, and the next import
    // tries again. Must not suspend; may raise "not enough memory" only. A plugin that only serves others
    // keeps the default.
    virtual error_code init_module(lua_State*) { return core_errc::internal_module; }

protected:
    constexpr plugin() = default;
    ~plugin() = default;
};

} // namespace emilua

// The name of the symbol by which plugins are found. It holds the version: there is no stable ABI.
#define EMILUA_PLUGIN_SYMBOL                                                                                 \
    EMILUA_DETAIL_JOIN(EMILUA_VERSION_MAJOR, EMILUA_VERSION_MINOR, EMILUA_VERSION_PATCH)
#define EMILUA_DETAIL_JOIN(MAJOR, MINOR, PATCH) EMILUA_DETAIL_PASTE(MAJOR, MINOR, PATCH)
#define EMILUA_DETAIL_PASTE(MAJOR, MINOR, PATCH) emilua_plugin_##MAJOR##_##MINOR##_##PATCH

// Exports a plugin of class TYPE, once a library and at global scope. TYPE has a constexpr default
// constructor: loading a plugin does no work, init_process() does.
#define EMILUA_PLUGIN(TYPE)                                                                                  \
    static constinit TYPE emilua_plugin_instance{};                                                          \
    extern "C" {                                                                                             \
    [[gnu::visibility("default")]] constinit emilua::plugin* EMILUA_PLUGIN_SYMBOL = &emilua_plugin_instance; \
    }
