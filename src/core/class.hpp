// How C++ is bound to Lua: adapted functions, and classes of userdata.
//
// A binding is a plain function: check the arguments, call, push the results.
//
//     int close(lua_State* L)
//     {
//         check<tcp_socket>(L, 1).socket.close();
//         return 0;
//     }
//     ...
//     class_<tcp_socket>{L, "ip.tcp.socket"}
//         .method("close", fn<close>)
//         .property("is_open", fn<is_open>);
#pragma once

#include "core/vm.hpp"

#include <cstddef>
#include <exception>
#include <lua.hpp>
#include <memory>
#include <new>
#include <utility>

namespace emilua {

namespace detail {

// A C++ exception that is on its way to become a Lua error. It is pushed while the exception is alive but
// raised after the catch block: message handlers may suspend, and a fiber must not park inside a catch block.
void push_exception(lua_State* L, const std::exception& e);

std::size_t new_class_id();

template <class T>
inline const std::size_t class_id = new_class_id();

} // namespace detail

// The one adaptor: every entry from Lua into C++ goes through it. boost::system::system_error and
// std::system_error become error tables, std::bad_alloc "not enough memory", other exceptions their what().
template <lua_CFunction F>
int fn(lua_State* L)
{
    try {
        return F(L);
    } catch (const std::exception& e) {
        detail::push_exception(L, e);
    }
    return lua_error(L);
}

// The object at `index` if it is a T, else null.
template <class T>
T* test(lua_State* L, int index)
{
    void* p = lua_touserdata(L, index);
    if (!p || !lua_getmetatable(L, index))
        return nullptr;
    const void* metatable = lua_topointer(L, -1);
    lua_pop(L, 1);
    auto& c = vm::of(L).find_class(detail::class_id<T>);
    bool is_a = metatable == c.metatable || (metatable == c.settled_metatable && metatable);
    return is_a ? static_cast<T*>(p) : nullptr;
}

// The object at `index`; raises EINVAL{arg = index} if it is not a T.
template <class T>
T& check(lua_State* L, int index)
{
    T* p = test<T>(L, index);
    if (!p)
        raise_invalid_argument(L, index);
    return *p;
}

// Pushes a new object. Its class must have been registered in this VM.
template <class T, class... A>
T& push(lua_State* L, A&&... arguments)
{
    static_assert(alignof(T) <= 8, "LuaJIT aligns the payload of a userdata to 8");
    void* memory = lua_newuserdata(L, sizeof(T));
    T* object = new (memory) T(std::forward<A>(arguments)...);
    lua_rawgeti(L, LUA_REGISTRYINDEX, vm::of(L).find_class(detail::class_id<T>).ref);
    lua_setmetatable(L, -2); // last: __gc must see a complete object only
    return *object;
}

// Destroys nothing, now or later: the object at `index` holds nothing any more, so the collector need not
// call a finalizer. For objects that come and go by the million; their class must be built with settling().
template <class T>
void settle(lua_State* L, int index)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, vm::of(L).find_class(detail::class_id<T>).settled_ref);
    lua_setmetatable(L, index);
}

// Builds the metatable of a class. Every function given must be adapted (fn<>). Leaves the Lua stack as it
// was, also between calls.
class class_builder {
public:
    class_builder(lua_State* L, const char* name, std::size_t id, lua_CFunction gc);
    class_builder(const class_builder&) = delete;
    class_builder& operator=(const class_builder&) = delete;

    // obj:name(...)
    class_builder& method(const char* name, lua_CFunction f);
    // The same with the value on top of the stack (popped).
    class_builder& method(const char* name);
    // obj.name, computed: `get` is called with self. With `set` also obj.name = v: called with self, name, v.
    class_builder& property(const char* name, lua_CFunction get, lua_CFunction set = nullptr);
    class_builder& metamethod(const char* name, lua_CFunction f);
    // What happens for keys that are neither method nor property, instead of bad_index. Called with self,
    // key.
    class_builder& fallback(lua_CFunction f);
    // Objects may be settled. To be called last.
    class_builder& settling();

private:
    // Tables that the metatable keeps at these indices.
    enum slot { methods = 1, getters, setters };

    void set(slot table, const char* name);
    void set_metafield(const char* name);
    void install_index(lua_CFunction fallback);
    void install_newindex();

    lua_State* L_;
    std::size_t id_;
    int metatable_; // reference
    bool has_getters_ = false;
    bool has_setters_ = false;
};

template <class T>
class class_ : public class_builder {
public:
    class_(lua_State* L, const char* name)
        : class_builder{L, name, detail::class_id<T>, destroy}
    {
    }

private:
    static int destroy(lua_State* L)
    {
        // Finalizers of the program that run later may still reach the object: it is no T any more.
        lua_pushnil(L);
        lua_setmetatable(L, 1);
        std::destroy_at(static_cast<T*>(lua_touserdata(L, 1)));
        return 0;
    }
};

// Calls `define`, which builds the class of T, unless the VM has this class. For classes that many VMs do not
// need: they are made with the first object. Where memory is exhausted on the way, the next call begins anew.
template <class T, class Define>
void define_once(lua_State* L, Define define)
{
    vm& v = vm::of(L);
    if (v.find_class(detail::class_id<T>).complete)
        return;
    define();
    auto c = v.find_class(detail::class_id<T>);
    c.complete = true;
    v.set_class(detail::class_id<T>, c);
}

// Raises bad_index{index = 2}: reading an unknown key.
int raise_bad_index(lua_State* L);
// Raises EPERM: writing to a read-only object.
int raise_read_only(lua_State* L);

// Pops two tables, members (below) and getters (functions called with self), and pushes a read-only object of
// them: an empty table that shows `name` as its metatable. Unknown keys raise bad_index, assignments EPERM.
void make_module(lua_State* L, const char* name);
// Pushes such an object with `new` as its only member.
void push_constructor_module(lua_State* L, const char* name, lua_CFunction constructor);

// Sets functions in the table on top of the stack.
struct function {
    const char* name;
    lua_CFunction f;
};
void set_functions(lua_State* L, std::initializer_list<function> functions);

} // namespace emilua
