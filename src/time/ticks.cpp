#include "time/ticks.hpp"

#include "emilua/error.hpp"

#include <cmath>
#include <cstdint>

namespace emilua {

namespace {

using result = boost::system::result<ticks>;

constexpr std::int64_t ticks_per_second = std::chrono::seconds{1} / ticks{1};

result too_large()
{
    return make_error_code(errc::value_too_large);
}

result out_of_domain()
{
    return make_error_code(errc::argument_out_of_domain);
}

// Whole seconds and the fraction apart: their product with 10^9 as one double would be off by up to 0.5 us.
result convert(double seconds, double (*round)(double))
{
    if (!std::isfinite(seconds))
        return out_of_domain();
    double whole;
    double fraction = std::modf(seconds, &whole);
    if (std::abs(whole) > static_cast<double>(INT64_MAX / ticks_per_second))
        return too_large();
    return add(std::chrono::seconds{static_cast<std::int64_t>(whole)},
               ticks{static_cast<std::int64_t>(round(fraction * static_cast<double>(ticks_per_second)))});
}

} // namespace

result nearest_ticks(double seconds)
{
    return convert(seconds, std::nearbyint);
}

result ticks_to_wait(double seconds)
{
    if (seconds < 0)
        return out_of_domain();
    return convert(seconds, std::ceil);
}

result add(ticks a, ticks b)
{
    std::int64_t sum;
    if (__builtin_add_overflow(a.count(), b.count(), &sum))
        return too_large();
    return ticks{sum};
}

result subtract(ticks a, ticks b)
{
    std::int64_t difference;
    if (__builtin_sub_overflow(a.count(), b.count(), &difference))
        return too_large();
    return ticks{difference};
}

double to_seconds(ticks t)
{
    return std::chrono::duration<double>{t}.count();
}

ticks check_ticks(lua_State* L, int index, result r)
{
    if (r)
        return *r;
    if (r.error() == errc::argument_out_of_domain)
        raise(L, r.error(), {{"arg", index}});
    raise(L, r.error());
}

} // namespace emilua
