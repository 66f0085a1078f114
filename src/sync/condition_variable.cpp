#include "sync/condition_variable.hpp"

#include "core/class.hpp"

namespace emilua {

namespace {

int new_condition_variable(lua_State* L)
{
    push<condition_variable>(L);
    return 1;
}

int wait(lua_State* L)
{
    auto& self = check<condition_variable>(L, 1);
    auto& m = check<mutex>(L, 2);
    if (!m.locked())
        raise(L, errc::operation_not_permitted);
    check_suspend(L);
    check_interruption(L);
    if (!self.wait(vm::of(L), m))
        raise(L, core_errc::interrupted);
    return 0;
}

int notify_one(lua_State* L)
{
    check<condition_variable>(L, 1).notify_one();
    return 0;
}

int notify_all(lua_State* L)
{
    check<condition_variable>(L, 1).notify_all();
    return 0;
}

} // namespace

int open_condition_variable(lua_State* L)
{
    class_<condition_variable>{L, "condition_variable"}
        .method("wait", fn<wait>)
        .method("notify_one", fn<notify_one>)
        .method("notify_all", fn<notify_all>);
    push_constructor_module(L, "condition_variable", fn<new_condition_variable>);
    return 1;
}

} // namespace emilua
