// The fibers that wait for one thing, longest first. Each has its place in the list on its own parked stack.
//
// Cancellation story. interrupt() takes the fiber off the list and makes it ready: who wakes waiters later
// wakes another one. A fiber that was woken is on no list any more: an interruption then shows at its next
// interruption point. When the VM closes the stack is unwound, and the place leaves the list with it.
#pragma once

#include "core/vm.hpp"

namespace emilua {

class wait_list;

// A fiber's place in a list. It leaves the list when it is destroyed at the latest.
struct wait_place {
    wait_place(wait_list& l, fiber& f);
    ~wait_place() { unlink(); }
    wait_place(const wait_place&) = delete;
    wait_place& operator=(const wait_place&) = delete;
    void unlink();

    fiber& waiter;
    wait_list* list;
    wait_place* previous;
    wait_place* next = nullptr;
};

class wait_list {
public:
    wait_list() = default;
    wait_list(const wait_list&) = delete;
    wait_list& operator=(const wait_list&) = delete;

    bool empty() const { return !first_; }

    // Parks the running fiber at the end of the list. True: it was woken; false: it was interrupted. `object`
    // is what tostring() shows; something on the parked stack must keep it, and this list, alive.
    bool wait(vm& v, wait_kind kind, void* object) { return wait(v, {kind, object, leave}); }
    // The same, not interruptible.
    void wait_uninterruptibly(vm& v, wait_kind kind, void* object) { wait(v, {kind, object}); }

    // Appends the longest waiter to the ready queue and returns it; null if there is none.
    fiber* wake_first()
    {
        wait_place* p = first_;
        if (!p)
            return nullptr;
        p->unlink();
        p->waiter.owner.unpark(p->waiter);
        return &p->waiter;
    }

    // The same for all, in the order in which they came.
    void wake_all()
    {
        while (wake_first()) {
        }
    }

private:
    friend struct wait_place;

    bool wait(vm& v, wait_info info)
    {
        wait_place p{*this, *v.current()};
        info.place = &p;
        return v.park(info);
    }

    static void leave(fiber& f)
    {
        f.wait.place->unlink();
        f.owner.unpark(f);
    }

    wait_place* first_ = nullptr;
    wait_place* last_ = nullptr;
};

inline wait_place::wait_place(wait_list& l, fiber& f)
    : waiter{f}
    , list{&l}
    , previous{l.last_}
{
    (previous ? previous->next : list->first_) = this;
    list->last_ = this;
}

inline void wait_place::unlink()
{
    if (!list)
        return;
    (previous ? previous->next : list->first_) = next;
    (next ? next->previous : list->last_) = previous;
    list = nullptr;
}

} // namespace emilua
