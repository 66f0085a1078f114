// Precompiled: what nearly every file includes and what costs most to parse.
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/context/fiber.hpp>
#include <functional>
#include <lua.hpp>
#include <memory>
#include <string>
#include <vector>
