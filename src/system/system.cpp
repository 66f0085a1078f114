#include "system/system.hpp"

#include "core/class.hpp"
#include "core/runtime.hpp"

#include <unistd.h>

namespace emilua {

namespace {

struct system_module {};

int arguments(lua_State* L)
{
    auto& all = vm::of(L).rt().arguments;
    lua_createtable(L, static_cast<int>(all.size()), 0);
    for (std::size_t i = 0; i != all.size(); ++i) {
        lua_pushlstring(L, all[i].data(), all[i].size());
        lua_rawseti(L, -2, static_cast<int>(i + 1));
    }
    return 1;
}

int environment(lua_State* L)
{
    auto& all = vm::of(L).rt().environment;
    lua_createtable(L, 0, static_cast<int>(all.size()));
    for (auto& [name, value] : all) {
        lua_pushlstring(L, name.data(), name.size());
        lua_pushlstring(L, value.data(), value.size());
        lua_rawset(L, -3);
    }
    return 1;
}

} // namespace

void check_master(lua_State* L)
{
    vm& v = vm::of(L);
    if (v.rt().master() != &v)
        raise(L, errc::operation_not_permitted);
}

int open_system(lua_State* L)
{
    {
        class_<system_module> c{L, "system"};
        c.property("arguments", fn<arguments>).property("environment", fn<environment>);
        c.method("exit", fn<system_exit>);
        push_standard_input(L);
        c.method("in_");
        push_standard_output(L, STDOUT_FILENO);
        c.method("out");
        push_standard_output(L, STDERR_FILENO);
        c.method("err");
        push_signal(L);
        c.method("signal");
        add_spawn(L, c);
        add_identity(c);
        add_capabilities(L, c);
        add_confinement(c);
        add_jails(c);
    }
    push<system_module>(L);
    return 1;
}

} // namespace emilua
