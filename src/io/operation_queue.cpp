#include "io/operation_queue.hpp"

#include <utility>

namespace emilua {

void operation_queue::abort()
{
    for (auto* o = first_; o; o = o->next_) {
        o->aborted_ = true;
        o->wake(boost::asio::error::operation_aborted);
    }
}

queued_operation::queued_operation(operation_queue& queue)
    : queue_{queue}
    , previous_{queue.last_}
{
    (previous_ ? previous_->next_ : queue_.first_) = this;
    queue_.last_ = this;
}

queued_operation::~queued_operation()
{
    (previous_ ? previous_->next_ : queue_.first_) = next_;
    (next_ ? next_->previous_ : queue_.last_) = previous_;
    if (!previous_ && next_)
        next_->wake({});
}

void queued_operation::await_turn(lua_State* L)
{
    await(L, [&](auto token) {
        token.get_cancellation_slot().assign(
            [this](boost::asio::cancellation_type) { wake(boost::asio::error::operation_aborted); });
        waker_ = std::move(token);
    });
    check_aborted(L);
}

void queued_operation::check_aborted(lua_State* L) const
{
    if (!aborted_)
        return;
    check_interruption(L);
    raise(L, error_code{boost::asio::error::operation_aborted});
}

void queued_operation::wake(error_code ec)
{
    if (auto waker = std::exchange(waker_, nullptr))
        waker(ec);
}

} // namespace emilua
