// await(): the only way to wait for an Asio operation.
//
// Cancellation story. The completion token carries the fiber's cancellation slot. interrupt() emits on it,
// the operation completes with operation_aborted, and only then the fiber goes on: what the operation reads
// or writes lives on the parked stack. An operation that had completed before keeps its result; the
// interruption shows at the next interruption point. While interruption is disabled nothing is emitted. A VM
// that closes emits on all slots and waits for the completions before a stack goes away.
#pragma once

#include "core/executor.hpp"
#include "core/vm.hpp"

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <cstddef>
#include <new>
#include <tuple>
#include <type_traits>

namespace emilua {

namespace detail {

// Asio's memory for one operation, on the parked stack.
class operation_arena {
public:
    void* allocate(std::size_t size)
    {
        if (used_ || size > sizeof(memory_))
            return ::operator new(size);
        used_ = true;
        return memory_;
    }
    void deallocate(void* p) noexcept
    {
        if (p == memory_)
            used_ = false;
        else
            ::operator delete(p);
    }

private:
    alignas(std::max_align_t) std::byte memory_[256];
    bool used_ = false;
};

template <class T>
struct arena_allocator {
    using value_type = T;

    explicit arena_allocator(operation_arena& a) noexcept
        : arena{&a}
    {
    }
    template <class U>
    arena_allocator(const arena_allocator<U>& other) noexcept
        : arena{other.arena}
    {
    }
    T* allocate(std::size_t n) { return static_cast<T*>(arena->allocate(n * sizeof(T))); }
    void deallocate(T* p, std::size_t) noexcept { arena->deallocate(p); }
    template <class U>
    bool operator==(const arena_allocator<U>& other) const noexcept
    {
        return arena == other.arena;
    }

    operation_arena* arena;
};

template <class... R>
struct operation {
    operation(vm& owner, fiber& waiter)
        : owner{owner}
        , waiter{waiter}
    {
    }

    vm& owner;
    fiber& waiter;
    bool done = false;
    error_code ec;
    std::tuple<R...> result;
    operation_arena arena;

    void complete()
    {
        done = true;
        waiter.cancel.slot().clear();
        owner.unhold();
        owner.unpark(waiter);
    }
};

// The completion handler. It must be invoked exactly once.
template <class... R>
struct completion {
    using executor_type = vm_executor;
    using allocator_type = arena_allocator<void>;
    using cancellation_slot_type = boost::asio::cancellation_slot;

    executor_type get_executor() const noexcept { return vm_executor{op->owner}; }
    allocator_type get_allocator() const noexcept { return allocator_type{op->arena}; }
    cancellation_slot_type get_cancellation_slot() const noexcept { return op->waiter.cancel.slot(); }

    void operator()(error_code ec, R... result)
    {
        op->ec = ec;
        op->result = std::tuple<R...>{std::move(result)...};
        op->complete();
    }

    // Keeps Asio's queue of immediate completions private to the thread: no lock, no wake-up.
    friend bool asio_handler_is_continuation(completion*) { return true; }

    operation<R...>* op;
};

} // namespace detail

// What await_result() gives.
template <class... R>
struct await_result_type {
    error_code ec;
    std::tuple<R...> value;
};

// Starts an operation with `initiate(token)`, where the token stands for a handler of signature
// void(error_code, R...), and parks the running fiber until it completes.
//
// Raises forbid_suspend_block or `interrupted` before anything is started; `interrupted` if the operation was
// cancelled and the fiber is interrupted. Other outcomes are returned.
template <class... R, class Initiate>
await_result_type<R...> await_result(lua_State* L, Initiate&& initiate)
{
    check_suspend(L);
    check_interruption(L);
    vm& v = vm::of(L);
    fiber& f = *v.current();
    detail::operation<R...> op{v, f};
    initiate(detail::completion<R...>{&op});
    v.hold();
    v.park_until(op.done);
    if (op.ec == boost::asio::error::operation_aborted && f.interrupted && f.interruption_disabled == 0)
        raise(L, core_errc::interrupted);
    return {op.ec, std::move(op.result)};
}

// The same, but raises errors and returns the plain result: nothing, or the only R.
template <class... R, class Initiate>
auto await(lua_State* L, Initiate&& initiate)
{
    static_assert(sizeof...(R) <= 1);
    auto r = await_result<R...>(L, std::forward<Initiate>(initiate));
    if (r.ec)
        raise(L, r.ec);
    if constexpr (sizeof...(R) == 1)
        return std::get<0>(std::move(r.value));
}

} // namespace emilua
