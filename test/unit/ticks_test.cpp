#include "time/ticks.hpp"

#include "emilua/error.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace emilua {
namespace {

// The largest double below 2^63 ns, and the smallest above.
constexpr double below_limit = 9223372036.8547745;
constexpr double above_limit = 9223372036.8547764;

std::int64_t count(boost::system::result<ticks> r)
{
    return r.value().count();
}

TEST(ticks, nearest_breaks_ties_to_even)
{
    EXPECT_EQ(count(nearest_ticks(0)), 0);
    EXPECT_EQ(count(nearest_ticks(-0.0)), 0);
    EXPECT_EQ(count(nearest_ticks(0.4e-9)), 0);
    EXPECT_EQ(count(nearest_ticks(0.5e-9)), 0);
    EXPECT_EQ(count(nearest_ticks(0.6e-9)), 1);
    EXPECT_EQ(count(nearest_ticks(1.5e-9)), 2);
    EXPECT_EQ(count(nearest_ticks(2.5e-9)), 2);
    EXPECT_EQ(count(nearest_ticks(-0.5e-9)), 0);
    EXPECT_EQ(count(nearest_ticks(-1.5e-9)), -2);
    EXPECT_EQ(count(nearest_ticks(-2.5e-9)), -2);
    EXPECT_EQ(count(nearest_ticks(1.9999999999)), 2'000'000'000);
}

TEST(ticks, wait_rounds_up)
{
    EXPECT_EQ(count(ticks_to_wait(0)), 0);
    EXPECT_EQ(count(ticks_to_wait(-0.0)), 0);
    EXPECT_EQ(count(ticks_to_wait(1e-300)), 1);
    EXPECT_EQ(count(ticks_to_wait(0.5e-9)), 1);
    EXPECT_EQ(count(ticks_to_wait(1.5e-9)), 2);
    EXPECT_EQ(count(ticks_to_wait(0.1)), 100'000'000);
    EXPECT_EQ(count(ticks_to_wait(1.9999999999)), 2'000'000'000);
}

TEST(ticks, large_values_are_exact)
{
    // The product as one double would be a multiple of 128.
    EXPECT_EQ(count(nearest_ticks(1e9 + 0x1p-9)), 1'000'000'000'001'953'125);
    EXPECT_EQ(count(ticks_to_wait(1e9 + 0x1p-9)), 1'000'000'000'001'953'125);
    EXPECT_EQ(to_seconds(ticks{1'000'000'000'001'953'125}), 1e9 + 0x1p-9);
    EXPECT_EQ(to_seconds(ticks{-1'500'000'000}), -1.5);
}

TEST(ticks, limits)
{
    EXPECT_GT(count(nearest_ticks(below_limit)), INT64_MAX - 2000);
    EXPECT_GT(count(ticks_to_wait(below_limit)), INT64_MAX - 2000);
    EXPECT_LT(count(nearest_ticks(-below_limit)), INT64_MIN + 2000);
    for (double seconds : {above_limit, -above_limit, 9.3e9, 1e300, -1e300})
        EXPECT_EQ(nearest_ticks(seconds).error(), errc::value_too_large) << seconds;
    for (double seconds : {above_limit, 9.3e9, 1e300})
        EXPECT_EQ(ticks_to_wait(seconds).error(), errc::value_too_large) << seconds;
}

TEST(ticks, domain)
{
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (double seconds : {infinity, -infinity, std::nan("")}) {
        EXPECT_EQ(nearest_ticks(seconds).error(), errc::argument_out_of_domain) << seconds;
        EXPECT_EQ(ticks_to_wait(seconds).error(), errc::argument_out_of_domain) << seconds;
    }
    EXPECT_EQ(ticks_to_wait(-1e-300).error(), errc::argument_out_of_domain);
    EXPECT_EQ(ticks_to_wait(-1e300).error(), errc::argument_out_of_domain);
}

TEST(ticks, sums_and_differences_do_not_wrap)
{
    constexpr ticks one{1};
    EXPECT_EQ(count(add(ticks::max() - one, one)), INT64_MAX);
    EXPECT_EQ(count(subtract(ticks::min() + one, one)), INT64_MIN);
    EXPECT_EQ(count(subtract(-one, ticks::max())), INT64_MIN);
    EXPECT_EQ(add(ticks::max(), one).error(), errc::value_too_large);
    EXPECT_EQ(add(ticks::min(), -one).error(), errc::value_too_large);
    EXPECT_EQ(subtract(ticks::min(), one).error(), errc::value_too_large);
    EXPECT_EQ(subtract(ticks::zero(), ticks::min()).error(), errc::value_too_large);
}

} // namespace
} // namespace emilua
