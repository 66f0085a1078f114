#include "lang/module_name.hpp"

#include <gtest/gtest.h>

using namespace emilua;

TEST(module_name, grammar)
{
    module_name n;
    EXPECT_TRUE(parse_module_name("./a", n));
    EXPECT_EQ(n.kind, module_kind::relative);
    EXPECT_EQ(n.parents, 0);
    EXPECT_TRUE(parse_module_name("./../x", n));
    EXPECT_EQ(n.parents, 1);
    EXPECT_TRUE(parse_module_name("../../x", n));
    EXPECT_EQ(n.parents, 2);
    EXPECT_TRUE(parse_module_name("/a/b", n));
    EXPECT_EQ(n.kind, module_kind::root);
    EXPECT_EQ(n.rest, "a/b");
    EXPECT_TRUE(parse_module_name("_9", n));
    EXPECT_EQ(n.kind, module_kind::package);
    for (std::string_view bad : {"", ".", "..", "./", "./a/b", "./a.lua", "a/b", "a.b", "//a", "/a/", ".//a",
                                 "./1a", ".././a", "/", "../", "9"})
        EXPECT_FALSE(parse_module_name(bad, n)) << bad;
    EXPECT_FALSE(parse_module_name(std::string_view("a\0b", 3), n));
}

TEST(module_name, directories)
{
    EXPECT_EQ(directory_of("/a/b.lua"), "/a");
    EXPECT_EQ(directory_of("/b.lua"), "/");
    EXPECT_EQ(join("/", "x"), "/x");
    EXPECT_EQ(join("/a", "x"), "/a/x");
}
