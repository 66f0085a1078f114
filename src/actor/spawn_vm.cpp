#include "actor/spawn_vm.hpp"

#include "actor/channel.hpp"
#include "core/arguments.hpp"
#include "core/class.hpp"
#include "core/context.hpp"
#include "core/runtime.hpp"
#include "lang/program.hpp"
#include "lang/require.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <limits>
#include <optional>
#include <string_view>

namespace emilua {

namespace {

struct spawn_options {
    std::string_view module; // of a string that stays on the Lua stack
    bool inherit_context = true;
    bool single = false; // concurrency_hint = 1
    bool new_master = false;
    bool subprocess = false; // the table is left on the stack after the module's name
};

// Of a subprocess they make no sense: three ways to choose where the actor runs.
void read_flag(lua_State* L, const char* name, bool subprocess, bool& flag)
{
    lua_getfield(L, 1, name);
    if (lua_isboolean(L, -1)) {
        if (subprocess)
            raise_invalid_argument(L, 1);
        flag = lua_toboolean(L, -1);
    }
    lua_pop(L, 1);
}

// Leaves the module's name on the stack, and on top of it the table `subprocess`.
spawn_options read_options(lua_State* L)
{
    spawn_options o;
    if (lua_istable(L, 1))
        lua_getfield(L, 1, "module");
    else if (lua_type(L, 1) == LUA_TSTRING)
        lua_pushvalue(L, 1);
    else
        raise_invalid_argument(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING && !lua_isnil(L, -1))
        raise_invalid_argument(L, "module");
    o.module = text_at(L, -1);
    if (lua_istable(L, 1)) {
        lua_getfield(L, 1, "concurrency_hint");
        o.single = lua_type(L, -1) == LUA_TNUMBER && lua_tonumber(L, -1) == 1;
        lua_pop(L, 1);
        lua_getfield(L, 1, "subprocess");
        o.subprocess = lua_istable(L, -1);
    }
    if (o.module.empty() && !o.subprocess) // a script may replace the process: then it needs none
        raise(L, core_errc::invalid_module_name, {{"module", ""}});
    if (lua_istable(L, 1)) {
        read_flag(L, "inherit_context", o.subprocess, o.inherit_context);
        read_flag(L, "new_master", o.subprocess, o.new_master);
    }
    return o;
}

int spawn_vm(lua_State* L)
{
    lua_settop(L, 1);
    check_c_stack(L, parser_reserve); // the new VM compiles its module on this stack
    vm& v = vm::of(L);
    runtime& rt = v.rt();
    if (v.closing()) // a finalizer: what it started would be nobody's
        raise(L, errc::operation_not_permitted);
    spawn_options o = read_options(L);
    loader& l = loader::of(L);
    const module_info* from = l.importer(L);
    if (!from)
        raise(L, core_errc::current_module_not_known);
    if (o.subprocess) {
        if (!rt.spawn_subprocess)
            raise(L, errc::no_child_process);
        rt.spawn_subprocess(L, o.module, o.single);
        return 1;
    }
    if (o.new_master && rt.master() != &v)
        raise(L, errc::operation_not_permitted);
    module_info entry = l.resolve_worker(L, *from, o.module);

    std::shared_ptr<context> ctx = v.shared_ctx();
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> until_started;
    std::optional<start_error> failure;
    std::optional<address> target;
    try {
        if (!o.inherit_context) {
            ctx = std::make_shared<context>(o.single);
            until_started.emplace(ctx->io.get_executor());
            rt.add_thread(ctx);
        }
        auto worker = load_program(rt, ctx, std::move(entry));
        target.emplace(worker->inbox); // before it runs: it must not find itself without senders
        if (o.new_master)
            rt.set_master(worker.get());
        start_program(std::move(worker));
    } catch (const start_error& e) {
        failure.emplace(e);
    }
    if (failure)
        raise(L, failure->code, {{"message", failure->what()}}); // names the limit, or the line
    push_channel(L, std::move(*target));
    return 1;
}

int spawn_context_threads(lua_State* L)
{
    luaL_argcheck(
        L, lua_type(L, 1) == LUA_TNUMBER, 1,
        lua_pushfstring(L, "number expected, got %s", lua_isnone(L, 1) ? "no value" : luaL_typename(L, 1)));
    vm& v = vm::of(L);
    if (v.ctx().single)
        raise(L, errc::not_supported);
    lua_Number count = lua_tonumber(L, 1);
    for (; count >= 1; --count)
        v.rt().add_thread(v.shared_ctx());
    return 0;
}

} // namespace

void set_spawn_vm(lua_State* L)
{
    register_channels(L);
    set_functions(L, {{"spawn_vm", fn<spawn_vm>}, {"spawn_context_threads", fn<spawn_context_threads>}});
}

} // namespace emilua
