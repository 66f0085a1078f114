// Seconds, which Lua counts in doubles, and ticks of 1 ns, which clocks count in 64 bits.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <lua.hpp>

namespace emilua {

using ticks = std::chrono::nanoseconds;

// The nearest tick, ties to even; the sign is kept. Fails with argument_out_of_domain for NaN and infinities,
// with value_too_large beyond +-2^63 ticks.
boost::system::result<ticks> nearest_ticks(double seconds);

// The first tick that is not before `seconds` from now: for waits, which must not end early. Fails like
// nearest_ticks(), and with argument_out_of_domain for negative values.
boost::system::result<ticks> ticks_to_wait(double seconds);

// Sums and differences fail with value_too_large.
boost::system::result<ticks> add(ticks a, ticks b);
boost::system::result<ticks> subtract(ticks a, ticks b);

double to_seconds(ticks t);

// The value of a conversion from the argument at `index`. Raises EDOM{arg = index}, or EOVERFLOW.
ticks check_ticks(lua_State* L, int index, boost::system::result<ticks> r);

} // namespace emilua
