// Clocks and their time points (02 §11.2, §11.3).
#include "time/clock.hpp"

#include "core/class.hpp"
#include "time/time.hpp"

#include <functional>

namespace emilua {

namespace {

template <class Clock>
using time_point = typename Clock::time_point;

template <class Clock>
int now(lua_State* L)
{
    push<time_point<Clock>>(L, Clock::now());
    return 1;
}

template <class Clock>
int epoch(lua_State* L)
{
    push<time_point<Clock>>(L);
    return 1;
}

template <class Clock>
int seconds_since_epoch(lua_State* L)
{
    lua_pushnumber(L, to_seconds(check<time_point<Clock>>(L, 1).time_since_epoch()));
    return 1;
}

// The time point at 1 moved by the seconds at 2: forward with add(), back with subtract().
using operation = boost::system::result<ticks>(ticks, ticks);

template <class Clock, operation Move>
time_point<Clock> moved(lua_State* L)
{
    auto start = check<time_point<Clock>>(L, 1).time_since_epoch();
    ticks distance = check_ticks(L, 2, nearest_ticks(luaL_checknumber(L, 2)));
    return time_point<Clock>{check_ticks(L, 2, Move(start, distance))};
}

template <class Clock, operation Move>
int move(lua_State* L)
{
    auto target = moved<Clock, Move>(L);
    check<time_point<Clock>>(L, 1) = target;
    return 0;
}

template <class Clock>
int plus(lua_State* L)
{
    push<time_point<Clock>>(L, moved<Clock, add>(L));
    return 1;
}

// time point - time point
template <class Clock>
int distance(lua_State* L)
{
    auto a = check<time_point<Clock>>(L, 1).time_since_epoch();
    auto b = check<time_point<Clock>>(L, 2).time_since_epoch();
    lua_pushnumber(L, to_seconds(check_ticks(L, 2, subtract(a, b))));
    return 1;
}

template <class Clock>
int minus(lua_State* L)
{
    if (lua_type(L, 2) != LUA_TNUMBER)
        return distance<Clock>(L);
    push<time_point<Clock>>(L, moved<Clock, subtract>(L));
    return 1;
}

// Lua itself compares time points of one clock only: those of another one have other metamethods.
template <class Clock, class Compare>
int compare(lua_State* L)
{
    lua_pushboolean(L, Compare{}(check<time_point<Clock>>(L, 1), check<time_point<Clock>>(L, 2)));
    return 1;
}

// Registers what the time points of all clocks have.
template <class Clock>
class time_point_class : public class_<time_point<Clock>> {
public:
    explicit time_point_class(lua_State* L)
        : class_<time_point<Clock>>{L, Clock::time_point_name}
    {
        this->property("seconds_since_epoch", fn<seconds_since_epoch<Clock>>)
            .metamethod("__eq", fn<compare<Clock, std::equal_to<>>>)
            .metamethod("__lt", fn<compare<Clock, std::less<>>>)
            .metamethod("__le", fn<compare<Clock, std::less_equal<>>>);
    }
};

template <class Clock>
void push_clock(lua_State* L)
{
    lua_newtable(L);
    set_functions(L, {{"now", fn<now<Clock>>}, {"epoch", fn<epoch<Clock>>}});
}

template <class Clock>
void set_clock(lua_State* L)
{
    time_point_class<Clock>{L}
        .method("add", fn<move<Clock, add>>)
        .method("sub", fn<move<Clock, subtract>>)
        .metamethod("__add", fn<plus<Clock>>)
        .metamethod("__sub", fn<minus<Clock>>);
    push_clock<Clock>(L);
    lua_setfield(L, -2, Clock::name);
}

// Its time points can be measured and compared, not moved.
void set_high_resolution_clock(lua_State* L)
{
    using clock = high_resolution_clock;
    time_point_class<clock>{L}.metamethod("__sub", fn<distance<clock>>);
    push_clock<clock>(L);
    lua_pushboolean(L, clock::is_steady);
    lua_setfield(L, -2, "is_steady");
    lua_setfield(L, -2, clock::name);
}

} // namespace

void set_clocks(lua_State* L)
{
    set_clock<steady_clock>(L);
    set_clock<system_clock>(L);
    set_high_resolution_clock(L);
}

} // namespace emilua
