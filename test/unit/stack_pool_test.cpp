#include "core/stack_pool.hpp"

#include "core/sanitizer.hpp"

#include <csetjmp>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <system_error>
#include <sys/resource.h>
#include <unistd.h>

using namespace emilua;

namespace {

stack allocate(stack_pool& pool)
{
    pool.reserve();
    return pool.allocate();
}

std::size_t resident_pages()
{
    std::ifstream f{"/proc/self/statm"};
    std::size_t total, resident;
    f >> total >> resident;
    return resident;
}

} // namespace

TEST(stack_pool, stacks_are_distinct_and_reused)
{
    stack_pool pool{64 * 1024};
    stack a = allocate(pool);
    stack b = allocate(pool);
    EXPECT_NE(a.bottom, b.bottom);
    EXPECT_EQ(a.size(), 64 * 1024 - page_size());
    EXPECT_EQ(pool.in_use(), 2u);
    pool.release(b);
    EXPECT_EQ(allocate(pool).bottom, b.bottom);
}

TEST(stack_pool, guard_page_faults)
{
    if (sanitizer::enabled)
        GTEST_SKIP() << "the sanitizer's handler ends the process with a status";
    stack_pool pool{64 * 1024};
    stack s = allocate(pool);
    EXPECT_EXIT(*reinterpret_cast<volatile char*>(s.bottom - 1) = 1, testing::KilledBySignal(SIGSEGV), "");
}

TEST(stack_pool, trim_gives_pages_back)
{
    constexpr std::size_t count = 1000;
    stack_pool pool{64 * 1024};
    std::vector<stack> stacks;
    for (std::size_t i = 0; i != count; ++i) {
        stacks.push_back(allocate(pool));
        for (auto* p = stacks.back().bottom; p < stacks.back().top; p += page_size())
            *p = std::byte{1};
    }
    std::size_t before = resident_pages();
    for (auto& s : stacks)
        pool.release(s);
    while (pool.trim(32)) {
    }
    EXPECT_LT(resident_pages(), before - count * 8);
}

TEST(stack_pool, exhaustion_names_the_limit)
{
    EXPECT_EXIT(
        {
            rlimit limit;
            limit.rlim_cur = limit.rlim_max = std::size_t{1} << 30;
            setrlimit(RLIMIT_AS, &limit);
            stack_pool pool{1024 * 1024};
            try {
                for (;;)
                    allocate(pool);
            } catch (const std::system_error& e) {
                bool named = std::string{e.what()}.find("ulimit -v") != std::string::npos;
                std::_Exit(named && e.code().value() == ENOMEM ? 42 : 1);
            }
        },
        testing::ExitedWithCode(42), "");
}
