// Asio timers on our clocks.
#pragma once

#include "time/clock.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

namespace emilua {

// The concrete executor, because the default one (any_io_executor) would take 48 bytes more of each sleeping
// fiber's stack and virtual calls. A system timer follows the wall clock: Asio looks at it again every five
// minutes at least.
template <class Clock>
using timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                                boost::asio::io_context::executor_type>;

using steady_timer = timer<steady_clock>;
using system_timer = timer<system_clock>;

} // namespace emilua
