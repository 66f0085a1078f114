#include "core/context.hpp"
#include "lang/program.hpp"
#include "lang/turtle.hpp"
#include "silent_reporter.hpp"

#include <gtest/gtest.h>

namespace {

using namespace emilua;

error_code first_error(vm& v)
{
    lua_State* L = v.state();
    EXPECT_EQ(push_turtle_module(L, "/turtle_test/category.ttl"), error_code{});
    lua_pushinteger(L, 1);
    lua_gettable(L, -2);
    error_code ec = to_error_code(L, -1).value();
    lua_pop(L, 2);
    return ec;
}

TEST(turtle, a_category_is_made_once_a_process)
{
    silent_reporter report;
    runtime rt{report};
    rt.fiber_stack_size = rt.main_stack_size = 1 << 20;
    rt.sources.put("/turtle_test/category.ttl",
                   "@prefix cat: <https://schema.emilua.org/error_category/0/#>.\n"
                   "<about:emilua-module> a <https://schema.emilua.org/error_category/0/>;\n"
                   "cat:error [ cat:code 1; cat:message \"one\" ].");
    rt.sources.put("/turtle_test/main.lua", "");
    auto ctx = std::make_shared<context>(true);
    auto a = load_program(rt, ctx, {.file = "/turtle_test/main.lua", .import_root = "/", .context = "main"});
    auto b =
        load_program(rt, ctx, {.file = "/turtle_test/main.lua", .import_root = "/", .context = "worker"});
    error_code from_a = first_error(*a);
    error_code from_b = first_error(*b);
    EXPECT_EQ(from_a, from_b);
    EXPECT_EQ(&from_a.category(), &from_b.category());
    b.reset();
    a.reset();
    EXPECT_EQ(from_a.message(), "one");
}

} // namespace
