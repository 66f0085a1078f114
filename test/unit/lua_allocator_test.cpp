#include "core/lua_allocator.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <vector>

using emilua::lua_allocator;

namespace {

std::string_view text(void* p, std::size_t size)
{
    return {static_cast<char*>(p), size};
}

} // namespace

TEST(lua_allocator, nothing_for_nothing)
{
    lua_allocator a;
    EXPECT_EQ(a.resize(nullptr, 0, 0), nullptr);
    void* p = a.resize(nullptr, 0, 1);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(a.resize(p, 1, 0), nullptr);
}

TEST(lua_allocator, a_block_keeps_its_bytes_while_it_grows_and_shrinks)
{
    lua_allocator a;
    std::size_t old_size = 5;
    void* p = a.resize(nullptr, 0, old_size);
    std::memcpy(p, "bytes", 5);
    for (std::size_t size : {16, 17, 511, 512, 513, 100000, 513, 512, 100, 5}) {
        p = a.resize(p, old_size, size);
        old_size = size;
        ASSERT_EQ(text(p, 5), "bytes") << size;
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 16, 0u);
    }
    a.resize(p, old_size, 0);
}

TEST(lua_allocator, blocks_never_overlap_and_malloc_follows_a_full_region)
{
    lua_allocator a;
    std::vector<void*> blocks;
    constexpr std::size_t count = 100000, size = 72; // more than the region holds
    for (std::size_t i = 0; i != count; ++i) {
        blocks.push_back(a.resize(nullptr, 0, size));
        std::memcpy(blocks.back(), &i, sizeof(i));
        std::memcpy(static_cast<char*>(blocks.back()) + size - sizeof(i), &i, sizeof(i));
    }
    for (std::size_t i = 0; i != count; ++i) {
        ASSERT_EQ(std::memcmp(blocks[i], &i, sizeof(i)), 0);
        ASSERT_EQ(std::memcmp(static_cast<char*>(blocks[i]) + size - sizeof(i), &i, sizeof(i)), 0);
    }
    for (void* p : blocks)
        a.resize(p, size, 0);
}
