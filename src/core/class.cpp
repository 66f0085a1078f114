#include "core/class.hpp"

#include "core/embedded.hpp"

#include <atomic>
#include <boost/system/system_error.hpp>
#include <system_error>

namespace emilua {

namespace {

// Address: key of the registry for {index, newindex} of lua/class.lua and the metatable that raises
// bad_index.
const char class_factory_key = 0;

void push_class_factory(lua_State* L, int which)
{
    lua_pushlightuserdata(L, const_cast<char*>(&class_factory_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_createtable(L, 3, 0);
        push_embedded(L, embedded::class_);
        lua_call(L, 0, 2);
        lua_rawseti(L, -3, 2);
        lua_rawseti(L, -2, 1);
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, raise_bad_index);
        lua_setfield(L, -2, "__index");
        lua_rawseti(L, -2, 3);
        lua_pushlightuserdata(L, const_cast<char*>(&class_factory_key));
        lua_pushvalue(L, -2);
        lua_rawset(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, -1, which);
    lua_remove(L, -2);
}

int bad_index(lua_State* L)
{
    if (lua_type(L, 2) != LUA_TSTRING)
        raise(L, core_errc::bad_index, {{"index", 2}});
    raise(L, core_errc::bad_index, {{"index", 2}, {"key", lua_tostring(L, 2)}});
}

int read_only(lua_State* L)
{
    raise(L, errc::operation_not_permitted);
}

// A metatable whose __index raises bad_index; shared.
void push_bad_index_metatable(lua_State* L)
{
    push_class_factory(L, 3);
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
    luaL_checkstack(L, 8, nullptr);
    metatable_ = vm::of(L).find_class(id).ref;
    if (metatable_ != LUA_NOREF) // then it gets more members
        return;
    lua_newtable(L);
    const void* address = lua_topointer(L, -1);
    metatable_ = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushstring(L, name);
    set_metafield("__metatable");
    lua_pushcfunction(L, gc);
    set_metafield("__gc");

    // Methods are looked up by the interpreter itself until there are properties.
    lua_rawgeti(L, LUA_REGISTRYINDEX, metatable_);
    lua_newtable(L);
    push_bad_index_metatable(L);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    vm::of(L).set_class(id, {.ref = metatable_, .metatable = address}); // last: all above may lack memory
}

// Sets a field of a kept table to the value on top of the stack (popped).
void class_builder::set(slot table, const char* name)
{
    lua_rawgeti(L_, LUA_REGISTRYINDEX, metatable_);
    lua_rawgeti(L_, -1, table);
    lua_pushvalue(L_, -3);
    lua_setfield(L_, -2, name);
    lua_pop(L_, 3);
}

// The same for the metatable itself.
void class_builder::set_metafield(const char* name)
{
    lua_rawgeti(L_, LUA_REGISTRYINDEX, metatable_);
    lua_insert(L_, -2);
    lua_setfield(L_, -2, name);
    lua_pop(L_, 1);
}

void class_builder::install_index(lua_CFunction fallback)
{
    lua_rawgeti(L_, LUA_REGISTRYINDEX, metatable_);
    if (!has_getters_) {
        lua_newtable(L_);
        lua_rawseti(L_, -2, getters);
        has_getters_ = true;
    }
    push_class_factory(L_, 1);
    lua_rawgeti(L_, -2, methods);
    lua_pushnil(L_); // keys that are no methods are not for the fallback of the methods' table
    lua_setmetatable(L_, -2);
    lua_rawgeti(L_, -3, getters);
    lua_pushcfunction(L_, fallback);
    lua_call(L_, 3, 1);
    lua_setfield(L_, -2, "__index");
    lua_pop(L_, 1);
}

void class_builder::install_newindex()
{
    lua_rawgeti(L_, LUA_REGISTRYINDEX, metatable_);
    push_class_factory(L_, 2);
    lua_newtable(L_);
    lua_pushvalue(L_, -1);
    lua_rawseti(L_, -4, setters);
    lua_pushcfunction(L_, raise_bad_index);
    lua_call(L_, 2, 1);
    lua_setfield(L_, -2, "__newindex");
    lua_pop(L_, 1);
    has_setters_ = true;
}

class_builder& class_builder::method(const char* name, lua_CFunction f)
{
    lua_pushcfunction(L_, f);
    return method(name);
}

class_builder& class_builder::method(const char* name)
{
    set(methods, name);
    return *this;
}

class_builder& class_builder::property(const char* name, lua_CFunction get, lua_CFunction set_function)
{
    if (!has_getters_)
        install_index(raise_bad_index);
    lua_pushcfunction(L_, get);
    set(getters, name);
    if (set_function) {
        if (!has_setters_)
            install_newindex();
        lua_pushcfunction(L_, set_function);
        set(setters, name);
    }
    return *this;
}

class_builder& class_builder::metamethod(const char* name, lua_CFunction f)
{
    lua_pushcfunction(L_, f);
    set_metafield(name);
    return *this;
}

class_builder& class_builder::fallback(lua_CFunction f)
{
    install_index(f);
    return *this;
}

class_builder& class_builder::settling()
{
    vm::registered_class c = vm::of(L_).find_class(id_);
    lua_newtable(L_);
    c.settled_metatable = lua_topointer(L_, -1);
    lua_rawgeti(L_, LUA_REGISTRYINDEX, metatable_);
    for (const char* name : {"__index", "__metatable"}) {
        lua_getfield(L_, -1, name);
        lua_setfield(L_, -3, name);
    }
    lua_pop(L_, 1);
    c.settled_ref = luaL_ref(L_, LUA_REGISTRYINDEX);
    vm::of(L_).set_class(id_, c);
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
