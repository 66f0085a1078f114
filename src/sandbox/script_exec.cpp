#include "sandbox/script_exec.hpp"

#include "sandbox/script_call.hpp"
#include "sandbox/start_report.hpp"

#include <csignal>
#include <cstring>
#include <grp.h>
#include <unistd.h>

namespace emilua::init_script {

namespace {

// Ends the process if there is no string that the kernel could take.
std::string_view check_element(lua_State* L, int index)
{
    std::size_t size;
    const char* text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &size) : nullptr;
    if (!text || std::strlen(text) != size)
        reject_argument(L);
    return {text, size};
}

// Calls visit(position) for the elements up to the first nil, each on the top of the stack.
template <class F>
int for_each_element(lua_State* L, int list, F visit)
{
    int n = 0;
    for (;; ++n) {
        lua_rawgeti(L, list, n + 1);
        bool at_end = lua_isnil(L, -1);
        if (!at_end)
            visit(n);
        lua_pop(L, 1);
        if (at_end)
            return n;
    }
}

// An array in Lua's memory; it stays on the stack.
template <class T>
T* push_array(lua_State* L, std::size_t size)
{
    return static_cast<T*>(lua_newuserdata(L, size * sizeof(T)));
}

// The strings stay those of the list.
char** push_arguments(lua_State* L, int list)
{
    int size = for_each_element(L, list, [&](int) { check_element(L, -1); });
    char** arguments = push_array<char*>(L, size + 1);
    for_each_element(L, list, [&](int i) { arguments[i] = const_cast<char*>(lua_tostring(L, -1)); });
    arguments[size] = nullptr;
    return arguments;
}

// Pushes the list of the strings NAME=VALUE.
void push_environment(lua_State* L, int variables)
{
    lua_newtable(L);
    int size = 0;
    for (lua_pushnil(L); lua_next(L, variables); lua_pop(L, 1)) {
        std::string_view name = check_element(L, -2), value = check_element(L, -1);
        if (name.empty() || name.find('=') != name.npos)
            reject_argument(L);
        lua_pushfstring(L, "%s=%s", name.data(), value.data());
        lua_rawseti(L, -4, ++size);
    }
}

// A table, or a new one for nil.
void check_table_or_nil(lua_State* L, int index)
{
    if (lua_isnil(L, index)) {
        lua_newtable(L);
        lua_replace(L, index);
    }
    luaL_checktype(L, index, LUA_TTABLE);
}

// `start(argv, envp)` returns only on failure. Programs expect to be ended by SIGPIPE.
template <class F>
int execute(lua_State* L, F start)
{
    lua_settop(L, 3);
    check_table_or_nil(L, 2);
    check_table_or_nil(L, 3);
    char** arguments = push_arguments(L, 2);
    push_environment(L, 3);
    char** environment = push_arguments(L, lua_gettop(L));
    auto disposition = std::signal(SIGPIPE, SIG_DFL);
    this_start.settle(); // the new program's end is its own affair
    start(arguments, environment);
    int error = errno;
    this_start.settle(false);
    std::signal(SIGPIPE, disposition);
    errno = error;
    return push_result(L, -1);
}

} // namespace

int execve(lua_State* L)
{
    const char* path = argument<const char*>::get(L, 1);
    return execute(L, [&](char** argv, char** envp) { ::execve(path, argv, envp); });
}

int fexecve(lua_State* L)
{
    int fd = argument<int>::get(L, 1);
    return execute(L, [&](char** argv, char** envp) { ::fexecve(fd, argv, envp); });
}

int setgroups(lua_State* L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int size = for_each_element(L, 1, [&](int) {
        if (!lua_isnumber(L, -1))
            reject_argument(L);
    });
    gid_t* groups = push_array<gid_t>(L, size);
    for_each_element(L, 1, [&](int i) { groups[i] = static_cast<gid_t>(lua_tointeger(L, -1)); });
    return push_result(L, ::setgroups(size, groups));
}

} // namespace emilua::init_script
