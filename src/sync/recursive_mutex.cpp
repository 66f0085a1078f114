#include "sync/recursive_mutex.hpp"

#include "core/class.hpp"

namespace emilua {

namespace {

// 0 stands for the finalizers that run when the VM closes, outside of any fiber.
std::uint64_t caller(lua_State* L)
{
    fiber* f = vm::of(L).current();
    return f ? f->serial : 0;
}

int new_recursive_mutex(lua_State* L)
{
    push<recursive_mutex>(L);
    return 1;
}

void check_levels(lua_State* L, const recursive_mutex& m)
{
    if (m.owned_by(caller(L)) && m.exhausted())
        raise(L, errc::value_too_large);
}

int lock(lua_State* L)
{
    auto& self = check<recursive_mutex>(L, 1);
    check_suspend(L);
    check_levels(L, self);
    self.lock(vm::of(L));
    return 0;
}

int try_lock(lua_State* L)
{
    auto& self = check<recursive_mutex>(L, 1);
    check_levels(L, self);
    lua_pushboolean(L, self.try_lock(caller(L)));
    return 1;
}

int unlock(lua_State* L)
{
    auto& self = check<recursive_mutex>(L, 1);
    if (!self.owned_by(caller(L)))
        raise(L, errc::operation_not_permitted);
    self.unlock();
    return 0;
}

} // namespace

int open_recursive_mutex(lua_State* L)
{
    class_<recursive_mutex>{L, "recursive_mutex"}
        .method("lock", fn<lock>)
        .method("try_lock", fn<try_lock>)
        .method("unlock", fn<unlock>);
    push_constructor_module(L, "recursive_mutex", fn<new_recursive_mutex>);
    return 1;
}

} // namespace emilua
