#include "sync/mutex.hpp"

#include "core/class.hpp"

namespace emilua {

namespace {

int new_mutex(lua_State* L)
{
    push<mutex>(L);
    return 1;
}

int lock(lua_State* L)
{
    auto& self = check<mutex>(L, 1);
    check_suspend(L);
    self.lock(vm::of(L));
    return 0;
}

int try_lock(lua_State* L)
{
    lua_pushboolean(L, check<mutex>(L, 1).try_lock());
    return 1;
}

int unlock(lua_State* L)
{
    auto& self = check<mutex>(L, 1);
    if (!self.locked())
        raise(L, errc::operation_not_permitted);
    self.unlock();
    return 0;
}

} // namespace

int open_mutex(lua_State* L)
{
    class_<mutex>{L, "mutex"}
        .method("lock", fn<lock>)
        .method("try_lock", fn<try_lock>)
        .method("unlock", fn<unlock>);
    push_constructor_module(L, "mutex", fn<new_mutex>);
    return 1;
}

} // namespace emilua
