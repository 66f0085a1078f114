// condition_variable (02 §8.3).
//
// Cancellation story. wait() is an interruption point: at the call it raises and leaves the mutex locked.
// interrupt() takes the waiting fiber off the list; it locks the mutex again first, which can be interrupted
// no more than any lock(), then raises. A fiber that was notified before is on no list any more and returns
// normally: no notification is lost to an interrupted fiber.
#pragma once

#include "sync/mutex.hpp"
#include "sync/wait_list.hpp"

namespace emilua {

class condition_variable {
public:
    // Unlocks the locked mutex, suspends the running fiber, locks the mutex again. False: interrupted.
    bool wait(vm& v, mutex& m)
    {
        m.unlock();
        bool notified = waiters_.wait(v, wait_kind::condition_variable, this);
        m.lock(v);
        return notified;
    }
    void notify_one() { waiters_.wake_first(); }
    void notify_all() { waiters_.wake_all(); }

private:
    wait_list waiters_;
};

// Opens the module `condition_variable`.
int open_condition_variable(lua_State* L);

} // namespace emilua
