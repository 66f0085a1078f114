#include "core/class.hpp"

#include "core/embedded.hpp"

#include <atomic>
#include <boost/system/system_error.hpp>
#include <system_error>

namespace emilua {

namespace {

// Address: key of the registry for {index, newindex} of lua/class.lua.
const char class_factory_key = 0;

void push_class_factory(lua_State* L, int which)
{
    lua_pushlightuserdata(L, const_cast<char*>(&class_factory_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_createtable(L, 2, 0);
        push_embedded(L, embedded::class_);
        lua_call(L, 0, 2);
        lua_rawseti(L, -3, 2);
        lua_rawseti(L, -2, 1);
        lua_pushlightuserdata(L, const_cast<char*>(&class_factory_key));
        lua_pushvalue(L, -2);
        lua_rawset(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, -1, which);
    lua_remove(L, -2);
}

int bad_index(lua_State* L)
{
    raise(L, core_errc::bad_index, {{"index", 2}});
}

int read_only(lua_State* L)
{
    raise(L, errc::operation_not_permitted);
}

} // namespace

int raise_bad_index(lua_State* L)
{
    return fn<bad_index>(L);
}

int raise_read_only(lua_State* L)
{
    return fn<read_only>(L);
}

namespace detail {

std::size_t new_class_id()
{
    static std::atomic<std::size_t> last = 0;
    return last++;
}

void push_exception(lua_State* L, const std::exception& e)
{
    if (auto* boost_error = dynamic_cast<const boost::system::system_error*>(&e))
        push_error(L, boost_error->code());
    else if (auto* error = dynamic_cast<const std::system_error*>(&e))
        push_error(L, {error->code().value(), boost::system::generic_category()});
    else if (dynamic_cast<const std::bad_alloc*>(&e))
        lua_pushliteral(L, "not enough memory");
    else
        lua_pushstring(L, e.what());
}

} // namespace detail

class_builder::class_builder(lua_State* L, const char* name, std::size_t id, lua_CFunction gc)
    : L_{L}
    , id_{id}
{
    luaL_checkstack(L, 12, "class");
    lua_newtable(L);
    metatable_ = lua_gettop(L);
    lua_newtable(L);
    methods_ = lua_gettop(L);
    lua_newtable(L);
    getters_ = lua_gettop(L);
    lua_newtable(L);
    setters_ = lua_gettop(L);
    lua_pushcfunction(L, raise_bad_index);
    fallback_ = lua_gettop(L);
    lua_pushnil(L);
    fallback_set_ = lua_gettop(L);

    lua_pushstring(L, name);
    lua_setfield(L, metatable_, "__metatable");
    lua_pushcfunction(L, gc);
    lua_setfield(L, metatable_, "__gc");
    const void* address = lua_topointer(L, metatable_);
    lua_pushvalue(L, metatable_);
    vm::of(L).set_class(id, {.ref = luaL_ref(L, LUA_REGISTRYINDEX), .metatable = address});
}

class_builder::~class_builder() noexcept(false)
{
    lua_settop(L_, fallback_set_);
    push_class_factory(L_, 1);
    lua_pushvalue(L_, methods_);
    lua_pushvalue(L_, getters_);
    lua_pushvalue(L_, fallback_);
    lua_call(L_, 3, 1);
    lua_setfield(L_, metatable_, "__index");
    if (has_setters_) {
        push_class_factory(L_, 2);
        lua_pushvalue(L_, setters_);
        if (lua_isnil(L_, fallback_set_))
            lua_pushcfunction(L_, raise_bad_index);
        else
            lua_pushvalue(L_, fallback_set_);
        lua_call(L_, 2, 1);
        lua_setfield(L_, metatable_, "__newindex");
    } else if (!lua_isnil(L_, fallback_set_)) {
        lua_pushvalue(L_, fallback_set_);
        lua_setfield(L_, metatable_, "__newindex");
    }
    if (settling_) {
        vm::registered_class c = vm::of(L_).find_class(id_);
        lua_newtable(L_);
        c.settled_metatable = lua_topointer(L_, -1);
        for (const char* name : {"__index", "__metatable"}) {
            lua_getfield(L_, metatable_, name);
            lua_setfield(L_, -2, name);
        }
        c.settled_ref = luaL_ref(L_, LUA_REGISTRYINDEX);
        vm::of(L_).set_class(id_, c);
    }
    lua_settop(L_, metatable_ - 1);
}

class_builder& class_builder::settling()
{
    settling_ = true;
    return *this;
}

class_builder& class_builder::method(const char* name, lua_CFunction f)
{
    lua_pushcfunction(L_, f);
    lua_setfield(L_, methods_, name);
    return *this;
}

class_builder& class_builder::method(const char* name)
{
    lua_setfield(L_, methods_, name);
    return *this;
}

class_builder& class_builder::property(const char* name, lua_CFunction get, lua_CFunction set)
{
    lua_pushcfunction(L_, get);
    lua_setfield(L_, getters_, name);
    if (set) {
        lua_pushcfunction(L_, set);
        lua_setfield(L_, setters_, name);
        has_setters_ = true;
    }
    return *this;
}

class_builder& class_builder::metamethod(const char* name, lua_CFunction f)
{
    lua_pushcfunction(L_, f);
    lua_setfield(L_, metatable_, name);
    return *this;
}

class_builder& class_builder::fallback(lua_CFunction f)
{
    lua_pushcfunction(L_, f);
    lua_replace(L_, fallback_);
    return *this;
}

class_builder& class_builder::fallback_set(lua_CFunction f)
{
    lua_pushcfunction(L_, f);
    lua_replace(L_, fallback_set_);
    return *this;
}

void make_module(lua_State* L, const char* name)
{
    int members = lua_gettop(L) - 1;
    lua_createtable(L, 0, 1); // of the members: for keys that they lack
    push_class_factory(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, members + 1);
    lua_pushcfunction(L, raise_bad_index);
    lua_call(L, 3, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, members);

    lua_newtable(L); // the module
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, members);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, raise_read_only);
    lua_setfield(L, -2, "__newindex");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_replace(L, members);
    lua_settop(L, members);
}

void push_constructor_module(lua_State* L, const char* name, lua_CFunction constructor)
{
    lua_createtable(L, 0, 1);
    set_functions(L, {{"new", constructor}});
    lua_newtable(L);
    make_module(L, name);
}

void set_functions(lua_State* L, std::initializer_list<function> functions)
{
    for (const function& f : functions) {
        lua_pushcfunction(L, f.f);
        lua_setfield(L, -2, f.name);
    }
}

} // namespace emilua
