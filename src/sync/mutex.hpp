// mutex (02 §8.1): a lock without an owner, handed over in the order of waiting.
//
// Cancellation story. lock() is no interruption point: it neither raises `interrupted` nor is woken by
// interrupt(), so that nothing can come between it and the clean-up handler that unlocks. A fiber that ends
// while it holds the lock leaves it locked. When the VM closes, waiters are dropped and the deadlock is
// reported.
#pragma once

#include "sync/wait_list.hpp"

#include <utility>

namespace emilua {

class mutex {
public:
    bool locked() const { return locked_; }

    // Suspends the running fiber while somebody else has the lock.
    void lock(vm& v)
    {
        if (!try_lock())
            waiters_.wait_uninterruptibly(v, wait_kind::mutex, this); // unlock() hands it over locked
    }
    bool try_lock() { return !std::exchange(locked_, true); }
    // The lock must be locked, by whomever. Never suspends.
    void unlock() { locked_ = waiters_.wake_first(); }

private:
    bool locked_ = false;
    wait_list waiters_;
};

// Opens the module `mutex`.
int open_mutex(lua_State* L);

} // namespace emilua
