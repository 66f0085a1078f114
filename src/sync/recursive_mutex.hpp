// recursive_mutex (02 §8.2): a lock owned by a fiber, which may take it any number of times.
//
// Cancellation story: that of mutex. lock() is no interruption point. A fiber that ends while it owns the
// lock leaves it locked for ever: no later fiber is taken for it. Waiters of a VM that closes are not
// reported.
#pragma once

#include "sync/wait_list.hpp"

#include <cstdint>
#include <limits>

namespace emilua {

class recursive_mutex {
public:
    // True: the caller, a fiber's serial number, owns it now with one level more.
    bool try_lock(std::uint64_t caller)
    {
        if (levels_ > 0 && owner_ != caller)
            return false;
        owner_ = caller;
        ++levels_;
        return true;
    }
    // Suspends the running fiber while another one owns the lock.
    void lock(vm& v)
    {
        if (!try_lock(v.current()->serial))
            waiters_.wait_uninterruptibly(v, wait_kind::recursive_mutex, this);
    }
    // To be called by the owner only. The last level is handed over. Never suspends.
    void unlock()
    {
        if (--levels_ > 0)
            return;
        if (fiber* next = waiters_.wake_first())
            try_lock(next->serial);
    }

    bool owned_by(std::uint64_t caller) const { return levels_ > 0 && owner_ == caller; }
    bool exhausted() const { return levels_ == std::numeric_limits<std::uint32_t>::max(); }

private:
    std::uint64_t owner_ = 0;
    std::uint32_t levels_ = 0;
    wait_list waiters_;
};

// Opens the module `recursive_mutex`.
int open_recursive_mutex(lua_State* L);

} // namespace emilua
