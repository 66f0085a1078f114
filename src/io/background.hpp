// Blocking calls that know no cancellation, such as getaddrinfo(3), off the VM's thread.
//
// They run on a small pool of threads that the process shares. Its threads are detached and the pool is never
// destroyed: the end of the process waits for no call that is stuck in the system.
#pragma once

#include "core/await.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace emilua {

// Any thread. `f` must not throw. Throws std::system_error if there is no thread and none can be made.
void run_in_background(std::function<void()> f);

namespace detail {

// The waiting side of a call. The first of result and cancellation counts; as an operation is pending, the VM
// lives until then.
template <class R, class Handler>
class background_call : public task, public std::enable_shared_from_this<background_call<R, Handler>> {
public:
    background_call(vm& owner, Handler handler)
        : owner_{owner}
        , handler_{std::move(handler)}
    {
        run = &background_call::deliver;
    }

    // Any thread.
    void finish(error_code ec, R result)
    {
        if (finished_.exchange(true))
            return;
        ec_ = ec;
        result_ = std::move(result);
        self_ = this->shared_from_this();
        owner_.post(*this);
    }

private:
    static void deliver(task& t, vm&)
    {
        auto self = std::move(static_cast<background_call&>(t).self_);
        self->handler_(self->ec_, std::move(self->result_));
    }

    vm& owner_;
    Handler handler_;
    std::atomic<bool> finished_ = false;
    error_code ec_;
    R result_;
    std::shared_ptr<background_call> self_; // from finish() to deliver()
};

} // namespace detail

// Calls `f(error_code&)` on a background thread and gives its result, or raises. An interruption is raised at
// once and the call goes on unseen: `f` must own all that it uses.
template <class F>
auto await_background(lua_State* L, F f)
{
    using R = std::invoke_result_t<F&, error_code&>;
    return await<R>(L, [&](auto token) {
        auto slot = token.get_cancellation_slot();
        auto call =
            std::make_shared<detail::background_call<R, decltype(token)>>(vm::of(L), std::move(token));
        run_in_background([call, f = std::move(f)]() mutable {
            error_code ec;
            R result;
            try {
                result = f(ec);
            } catch (const std::bad_alloc&) {
                ec = boost::asio::error::no_memory;
            }
            call->finish(ec, std::move(result));
        });
        slot.assign([call](boost::asio::cancellation_type) {
            call->finish(boost::asio::error::operation_aborted, R{});
        });
    });
}

} // namespace emilua
