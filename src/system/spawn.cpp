// system.spawn (07 §10).
#include "core/class.hpp"
#include "io/file_descriptor.hpp"
#include "system/linux/create_process.hpp"
#include "system/spawn_options.hpp"
#include "system/subprocess.hpp"
#include "system/system.hpp"

namespace emilua {

namespace {

int spawn(lua_State* L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    push_option_snapshot(L, 1);
    // The object comes first: once the options are checked no finalizer may close a descriptor among them,
    // and the running child shall not be lost for want of memory.
    auto& child = push<subprocess>(L, vm::of(L).io());
    spawn_options options = read_spawn_options(L, 2);
    created_process created = create_process(options.plan);
    if (created.error)
        raise_errno(L, created.error, {{"step", created.step}});
    child.signal_on_gcreaper = options.signal_on_gcreaper;
    child.start(created.pid, created.pidfd);
    return 1;
}

} // namespace

void add_spawn(lua_State* L, class_builder& c)
{
    register_subprocess(L);
    c.method("spawn", fn<spawn>);
}

} // namespace emilua
