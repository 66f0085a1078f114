// future (02 §8.4): a result that one side, the promise, sets once and any number of fibers get.
//
// Cancellation story. get() is an interruption point, even if the result is there. interrupt() takes the
// waiting fiber off the list and leaves other getters alone. A getter that was woken by a result returns it
// though it was interrupted meanwhile. A promise that is collected unsatisfied breaks: getters are woken from
// its finalizer and raise broken_promise.
#pragma once

#include "sync/wait_list.hpp"

#include <memory>

namespace emilua {

// What a promise and its future share. The result is in the table that is the environment of both userdata,
// where the collector sees it.
struct future_state {
    enum class result : std::uint8_t { none, value, error, broken };

    void set(result r)
    {
        status = r;
        getters.wake_all();
    }

    result status = result::none;
    wait_list getters;
};

struct promise {
    explicit promise(std::shared_ptr<future_state> state)
        : state{std::move(state)}
    {
    }
    ~promise()
    {
        if (state->status == future_state::result::none)
            state->set(future_state::result::broken);
    }
    promise(const promise&) = delete;
    promise& operator=(const promise&) = delete;

    std::shared_ptr<future_state> state;
};

struct future {
    std::shared_ptr<future_state> state;
};

// Opens the module `future`.
int open_future(lua_State* L);

} // namespace emilua
