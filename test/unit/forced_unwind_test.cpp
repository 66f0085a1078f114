#include "core/forced_unwind.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace {

using namespace emilua;

// Leaves `value` wherever the next functions have their frames.
[[gnu::noinline, gnu::no_sanitize_address]] void leave_on_stack(lua_State* value)
{
    lua_State* volatile below[512];
    for (auto& slot : below)
        slot = value;
}

// 01.27: a copy of L that an earlier call left was taken for the interpreter's own.
TEST(forced_unwind, what_is_left_on_the_stack_does_not_mislead)
{
    std::unique_ptr<lua_State, decltype([](lua_State* L) { lua_close(L); })> owner{luaL_newstate()};
    lua_State* L = owner.get();
    leave_on_stack(nullptr);
    interpreter_frame expected = find_interpreter_frame(L);
    EXPECT_NE(expected.function, 0u);
    leave_on_stack(L);
    EXPECT_EQ(find_interpreter_frame(L), expected);
}

} // namespace
