// How the functions of an init script take their arguments and give their results.
#pragma once

#include "sandbox/script_arena.hpp"

#include <cerrno>
#include <cstddef>
#include <lua.hpp>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace emilua::init_script {

// An entry of a table of functions. The function finds its entry in its first upvalue.
struct function {
    std::string_view name;
    lua_CFunction call;
};

struct constant {
    std::string_view name;
    lua_Integer value;
};

void push_function(lua_State* L, const function& f);

// Ends the process with the line `<3>ipc_actor/initWHERE: MESSAGE` and status 1. Nothing in Lua can stop it.
[[noreturn]] void die(std::string_view where, std::string_view message);
[[noreturn]] void die(std::string_view where, int error);
[[noreturn]] void die_silently();
// The same for an argument that the calling function does not let a script recover from.
[[noreturn]] void reject_argument(lua_State* L);

// Every failure of the system passes here: ends the process when `errexit` says so.
void failed(lua_State* L, int error);
// A result that is -1 when errno tells why.
int push_result(lua_State* L, lua_Number result);

script_arena& arena_of(lua_State* L);

std::string_view check_string(lua_State* L, int index);

// How an argument is read; specialize it for other types.
template <class T>
struct argument {
    static T get(lua_State* L, int index)
    {
        static_assert(std::is_integral_v<T>);
        return static_cast<T>(luaL_checkinteger(L, index));
    }
};

template <>
struct argument<bool> {
    static bool get(lua_State* L, int index)
    {
        luaL_checktype(L, index, LUA_TBOOLEAN);
        return lua_toboolean(L, index);
    }
};

template <>
struct argument<std::string_view> {
    static std::string_view get(lua_State* L, int index) { return check_string(L, index); }
};

// Strings for the kernel end at their first zero byte, so they must not have another one.
template <>
struct argument<const char*> {
    static const char* get(lua_State* L, int index);
};

template <>
struct argument<const void*> {
    static const void* get(lua_State* L, int index) { return argument<const char*>::get(L, index); }
};

// The flags of a function: which arguments may be nil, or be left out (0 and null then).
constexpr unsigned may_be_nil(auto... positions)
{
    return ((1u << positions) | ...);
}

template <class T>
T read_argument(lua_State* L, int index, unsigned nils)
{
    if ((nils >> index & 1) && lua_isnoneornil(L, index))
        return T{};
    return argument<T>::get(L, index);
}

template <class R, class... A, std::size_t... I>
int call_with(lua_State* L, R (*f)(A...), [[maybe_unused]] unsigned nils, std::index_sequence<I...>)
{
    // Braces keep the order: the first wrong argument is the one that is reported.
    std::tuple<A...> arguments{read_argument<A>(L, I + 1, nils)...};
    return push_result(L, static_cast<lua_Number>(std::apply(f, arguments)));
}

template <class R, class... A>
int call_with(lua_State* L, R (*f)(A...), unsigned nils)
{
    return call_with(L, f, nils, std::index_sequence_for<A...>{});
}

// The Lua function that calls F, whose parameters say what arguments it takes.
template <auto F, unsigned Nils = 0>
int call(lua_State* L)
{
    return call_with(L, +F, Nils);
}

} // namespace emilua::init_script
