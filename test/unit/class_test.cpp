#include "core/class.hpp"

#include "core/context.hpp"
#include "core/runtime.hpp"
#include "lang/lang.hpp"
#include "silent_reporter.hpp"

#include <gtest/gtest.h>

namespace emilua {

namespace {

struct thing {};

bool fails;

int nothing(lua_State*)
{
    return 0;
}

int make(lua_State* L)
{
    define_once<thing>(L, [L] {
        class_<thing> c{L, "thing"};
        c.method("first", fn<nothing>).property("second", fn<nothing>);
        if (fails)
            luaL_error(L, "not enough memory");
        c.method("third", fn<nothing>).property("fourth", fn<nothing>);
    });
    push<thing>(L);
    return 1;
}

// 01.9: the error can be caught, and the class is whole when it is needed again.
TEST(define_once, what_failed_half_way_is_made_anew)
{
    silent_reporter report;
    runtime rt{report};
    vm v{rt, std::make_shared<context>(true)};
    lua_State* L = v.state();
    lua_cpcall(
        L, [](lua_State* L) { return open_language(vm::of(L)), 0; }, nullptr);
    fails = true;
    lua_pushcfunction(L, fn<make>);
    ASSERT_EQ(lua_pcall(L, 0, 1, 0), LUA_ERRRUN);
    fails = false;
    lua_pushcfunction(L, fn<make>);
    ASSERT_EQ(lua_pcall(L, 0, 1, 0), 0);
    for (const char* name : {"first", "third"}) {
        lua_getfield(L, -1, name);
        EXPECT_TRUE(lua_isfunction(L, -1)) << name;
        lua_pop(L, 1);
    }
    for (const char* name : {"second", "fourth"}) {
        lua_getfield(L, -1, name); // raises bad_index if there is no such property
        lua_pop(L, 1);
    }
    EXPECT_NE(luaL_getmetafield(L, -1, "__gc"), 0);
}

} // namespace

} // namespace emilua
