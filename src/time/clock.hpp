// The three clocks, as types that differ from each other and count ticks of 1 ns everywhere. (The standard's
// high_resolution_clock may be another name of system_clock, and system_clock may count microseconds.)
#pragma once

#include "time/ticks.hpp"

#include <chrono>
#include <lua.hpp>

namespace emilua {

template <class Self, class Source>
struct basic_clock {
    using duration = ticks;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Self, duration>;

    static constexpr bool is_steady = Source::is_steady;

    static time_point now() noexcept { return time_point{Source::now().time_since_epoch()}; }
};

struct steady_clock : basic_clock<steady_clock, std::chrono::steady_clock> {
    static constexpr const char* name = "steady_clock";
    static constexpr const char* time_point_name = "steady_clock.time_point";
};

struct system_clock : basic_clock<system_clock, std::chrono::system_clock> {
    static constexpr const char* name = "system_clock";
    static constexpr const char* time_point_name = "system_clock.time_point";
};

struct high_resolution_clock : basic_clock<high_resolution_clock, std::chrono::high_resolution_clock> {
    static constexpr const char* name = "high_resolution_clock";
    static constexpr const char* time_point_name = "high_resolution_clock.time_point";
};

} // namespace emilua
