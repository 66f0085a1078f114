// Processes, groups, sessions, user and group ids (07 §7).
#include "core/arguments.hpp"
#include "core/class.hpp"
#include "system/process_change.hpp"
#include "system/system.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <unistd.h>
#include <vector>

namespace emilua {

namespace {

using kind = process_change::kind;

int push_result(lua_State* L, int result)
{
    if (result < 0)
        raise_errno(L, errno);
    lua_pushinteger(L, result);
    return 1;
}

// A user or group id as C takes it: -1 is the largest.
bool is_id(lua_Integer n)
{
    return n >= INT_MIN && n <= UINT_MAX;
}

int kill_process(lua_State* L)
{
    check_master(L);
    pid_t pid = check_int(L, 1);
    if (::kill(pid, check_int(L, 2)) != 0)
        raise_errno(L, errno);
    return 0;
}

int get_pid(lua_State* L)
{
    return push_result(L, getpid());
}

int get_parent(lua_State* L)
{
    return push_result(L, getppid());
}

int get_own_group(lua_State* L)
{
    return push_result(L, getpgrp());
}

int get_group(lua_State* L)
{
    return push_result(L, getpgid(check_int(L, 1)));
}

int set_group(lua_State* L)
{
    check_master(L);
    pid_t pid = check_int(L, 1);
    if (setpgid(pid, check_int(L, 2)) != 0)
        raise_errno(L, errno);
    return 0;
}

int get_session(lua_State* L)
{
    return push_result(L, getsid(check_int(L, 1)));
}

int new_session(lua_State* L)
{
    check_master(L);
    return push_result(L, setsid());
}

template <auto Get>
int get_ids(lua_State* L)
{
    unsigned ids[3];
    Get(&ids[0], &ids[1], &ids[2]);
    for (unsigned id : ids)
        lua_pushinteger(L, id);
    return 3;
}

template <kind What>
int set_ids(lua_State* L)
{
    check_master(L);
    process_change change{.what = What};
    for (int i = 0; i != 3; ++i)
        change.number[static_cast<std::size_t>(i)] = luaL_checkinteger(L, i + 1);
    if (!std::ranges::all_of(change.number, is_id))
        raise_errno(L, EINVAL);
    change_process(L, change);
    return 0;
}

int get_groups(lua_State* L)
{
    int count = getgroups(0, nullptr);
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(count, 0)));
    count = getgroups(count, groups.data());
    if (count < 0)
        raise_errno(L, errno);
    lua_createtable(L, count, 0);
    for (int i = 0; i != count; ++i) {
        lua_pushinteger(L, groups[static_cast<std::size_t>(i)]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

int set_groups(lua_State* L)
{
    check_master(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    std::vector<gid_t> groups;
    for_each_item(L, 1, [&] {
        if (lua_type(L, -1) != LUA_TNUMBER)
            raise_invalid_argument(L, 2); // what programs know
        lua_Integer id = lua_tointeger(L, -1);
        if (!is_id(id))
            raise_errno(L, EINVAL);
        groups.push_back(static_cast<gid_t>(id));
    });
    change_process(L, {.what = kind::groups, .payload = std::as_bytes(std::span{groups})});
    return 0;
}

} // namespace

void add_identity(class_builder& c)
{
    c.method("kill", fn<kill_process>)
        .method("getpid", fn<get_pid>)
        .method("getppid", fn<get_parent>)
        .method("getpgrp", fn<get_own_group>)
        .method("getpgid", fn<get_group>)
        .method("setpgid", fn<set_group>)
        .method("getsid", fn<get_session>)
        .method("setsid", fn<new_session>)
        .method("getresuid", fn<get_ids<getresuid>>)
        .method("setresuid", fn<set_ids<kind::resuid>>)
        .method("getresgid", fn<get_ids<getresgid>>)
        .method("setresgid", fn<set_ids<kind::resgid>>)
        .method("getgroups", fn<get_groups>)
        .method("setgroups", fn<set_groups>);
}

} // namespace emilua
