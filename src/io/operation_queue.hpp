// Operations that Asio has no function for, in the order in which they were started.
//
// An operation is a loop: try the system call, wait until the socket is ready, try again. Only the first
// operation of its queue does this, and the others wait for their turn: so a late comer cannot overtake.
//
// Cancellation story. The system call is made by the fiber itself and what it transferred belongs to the
// fiber at once: nothing can be lost. Waiting for the turn and for readiness ends when the fiber is
// interrupted. abort() marks the operations that have not transferred anything, as some of them may have been
// woken and not yet run.
#pragma once

#include "core/await.hpp"

#include <boost/asio/socket_base.hpp>
#include <cerrno>
#include <functional>
#include <sys/types.h>

namespace emilua {

class queued_operation;

// The operations of one direction of a socket.
class operation_queue {
public:
    operation_queue() = default;
    operation_queue(const operation_queue&) = delete;
    operation_queue& operator=(const operation_queue&) = delete;

    // All pending operations raise operation_aborted. Those that wait for readiness must be woken, too.
    void abort();

private:
    friend class queued_operation;

    queued_operation* first_ = nullptr;
    queued_operation* last_ = nullptr;
};

// A place in the queue, on the stack of the fiber.
class queued_operation {
public:
    explicit queued_operation(operation_queue& queue);
    ~queued_operation();
    queued_operation(const queued_operation&) = delete;
    queued_operation& operator=(const queued_operation&) = delete;

    bool is_first() const { return queue_.first_ == this; }
    // Returns when it is the first. Raises as await() does.
    void await_turn(lua_State* L);
    // Raises operation_aborted or `interrupted` if the queue was aborted meanwhile.
    void check_aborted(lua_State* L) const;

private:
    friend class operation_queue;

    void wake(error_code ec);

    operation_queue& queue_;
    queued_operation* previous_;
    queued_operation* next_ = nullptr;
    std::function<void(error_code)> waker_; // while it waits for its turn
    bool aborted_ = false;
};

// Performs an operation. `attempt()` makes the system call without blocking and returns what the call does,
// or minus the errno. `wait(token)` starts an asynchronous wait for readiness. Returns the count, or raises.
template <class Wait, class Attempt>
std::size_t perform(lua_State* L, operation_queue& queue, Wait wait, Attempt attempt)
{
    check_suspend(L);
    check_interruption(L);
    bool suspended = false;
    ssize_t result;
    {
        queued_operation self{queue};
        if (!self.is_first()) {
            self.await_turn(L);
            suspended = true;
        }
        while ((result = attempt()) == -EAGAIN) {
            await(L, wait);
            self.check_aborted(L);
            suspended = true;
        }
    }
    // Every operation lets other fibers run. It has ended: an interruption shows at the next one.
    if (!suspended)
        vm::yield(L);
    if (result < 0)
        raise_errno(L, static_cast<int>(-result));
    return static_cast<std::size_t>(result);
}

} // namespace emilua
