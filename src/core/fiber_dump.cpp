#include "core/fiber_dump.hpp"

#include "core/arguments.hpp"
#include "core/vm.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

namespace emilua {

namespace {

// No Lua code may run between two fibers: no finalizer.
class collector_pause {
public:
    explicit collector_pause(lua_State* L)
        : L_{L}
        , was_running_{lua_gc(L, LUA_GCISRUNNING, 0) != 0}
    {
        lua_gc(L, LUA_GCSTOP, 0);
    }
    ~collector_pause()
    {
        if (was_running_)
            lua_gc(L_, LUA_GCRESTART, 0);
    }
    collector_pause(const collector_pause&) = delete;
    collector_pause& operator=(const collector_pause&) = delete;

private:
    lua_State* L_;
    bool was_running_;
};

std::string what_it_does(const fiber& f)
{
    switch (f.status) {
    case fiber::state::fresh: return "not started";
    case fiber::state::ready:
    case fiber::state::running: return "ready"; // it has called yield(): none runs now
    case fiber::state::parked: break;
    }
    std::string text = fmt::format("waits: {}", to_string(f.wait.kind));
    if (f.wait.object)
        text += fmt::format(" {}", f.wait.object);
    if (f.parked_at != 0)
        text += fmt::format(" for {:.2f} s", static_cast<double>(coarse_milliseconds() - f.parked_at) / 1000);
    return text;
}

// Appends what a Lua thread does, indented. `L` is another one.
void append_stack(std::string& text, lua_State* L, lua_State* thread)
{
    luaL_traceback(L, thread, nullptr, 0);
    for (std::string_view rest = text_at(L, -1); !rest.empty();) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.starts_with('\t')) // not the title
            fmt::format_to(std::back_inserter(text), "\t{}\n", line);
    }
    lua_pop(L, 1);
}

// Where the function of a fiber that has not run begins.
void append_start(std::string& text, lua_State* L, lua_State* thread)
{
    lua_pushvalue(thread, 2);
    lua_xmove(thread, L, 1);
    lua_Debug ar;
    lua_getinfo(L, ">S", &ar);
    fmt::format_to(std::back_inserter(text), "\t\t{}:{}: its function\n", ar.short_src, ar.linedefined);
}

void append_fiber(std::string& text, lua_State* L, vm& v, const fiber& f)
{
    fmt::format_to(std::back_inserter(text), "\t{} {}: {}{}{}\n",
                   &f == v.main_fiber() ? "Main fiber"
                   : f.is_main          ? "Fiber of a module"
                                        : "Fiber",
                   f.id(), what_it_does(f), f.interrupted ? ", interrupted" : "",
                   f.interruption_disabled > 0 ? ", interruption disabled" : "");
    if (f.status == fiber::state::fresh) {
        append_start(text, L, f.L);
        return;
    }
    for (auto* frame = f.coroutines; frame; frame = frame->outer) {
        append_stack(text, L, frame->co);
        fmt::format_to(std::back_inserter(text), "\t\t(in coroutine {})\n",
                       static_cast<const void*>(frame->co));
    }
    append_stack(text, L, f.L);
}

} // namespace

std::int64_t coarse_milliseconds()
{
    timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::string fiber_dump(vm& v)
{
    collector_pause pause{v.state()};
    std::size_t count = 0;
    for (fiber* f = v.first_fiber(); f; f = f->next)
        ++count;
    std::string text = fmt::format("VM {}: {} fiber{}\n", v.id(), count, count == 1 ? "" : "s");
    auto append = [](lua_State* L) {
        auto& text = *static_cast<std::string*>(lua_touserdata(L, 1));
        vm& v = vm::of(L);
        for (fiber* f = v.first_fiber(); f; f = f->next)
            append_fiber(text, L, v, *f);
        return 0;
    };
    if (lua_cpcall(v.state(), append, &text) != 0) {
        lua_pop(v.state(), 1);
        text += "\t(no memory for more)\n";
    }
    return text;
}

} // namespace emilua
