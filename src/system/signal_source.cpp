#include "system/signal_source.hpp"

#include "core/stack_guard.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>

namespace emilua {

namespace {

error_code system_error(int error)
{
    return {error, boost::system::system_category()};
}

} // namespace

signal_source& signal_source::instance()
{
    static auto& source = *new signal_source; // its thread outlives static destructors
    return source;
}

void signal_source::on_signal(int signo, siginfo_t* info, void*)
{
    bool is_fault = signo == SIGSEGV || signo == SIGBUS || signo == SIGFPE || signo == SIGILL;
    if (is_fault && info->si_code > 0) {
        // An instruction did it and not kill(2): it would fault again for ever. Dies when it does.
        std::signal(signo, SIG_DFL);
        return;
    }
    int saved_errno = errno;
    auto& self = instance();
    self.pending_[static_cast<std::size_t>(signo)].fetch_add(1);
    auto place = self.order_end_.fetch_add(1) % self.order_.size();
    self.order_[place] = static_cast<std::uint8_t>(signo);
    sem_post(&self.arrived_);
    errno = saved_errno;
}

error_code signal_source::set_default(int signo)
{
    // Our default action for these two says whose stack overflowed.
    if (signo == SIGSEGV || signo == SIGBUS) {
        stack_guard::install(signo);
        return {};
    }
    return std::signal(signo, SIG_DFL) == SIG_ERR ? system_error(errno) : error_code{};
}

error_code signal_source::set_disposition(int signo, void (*disposition)(int))
{
    if (!is_valid(signo))
        return system_error(EINVAL);
    std::lock_guard lock{mutex_};
    if (holders_[static_cast<std::size_t>(signo)] > 0)
        return errc::make_error_code(errc::operation_not_permitted);
    if (disposition == SIG_DFL)
        return set_default(signo);
    return std::signal(signo, disposition) == SIG_ERR ? system_error(errno) : error_code{};
}

error_code signal_source::raise_unless_default(int signo)
{
    struct sigaction action;
    if (!is_valid(signo))
        return system_error(EINVAL);
    std::lock_guard lock{mutex_};
    if (sigaction(signo, nullptr, &action) != 0)
        return system_error(errno);
    if (holders_[static_cast<std::size_t>(signo)] == 0 && action.sa_handler != SIG_IGN)
        return errc::make_error_code(errc::operation_not_permitted);
    return std::raise(signo) == 0 ? error_code{} : system_error(errno);
}

// Everything below is called with the lock held.

// Detached: it blocks nobody's end. It keeps the signal mask empty, as every thread of ours does.
void signal_source::start_thread()
{
    if (has_thread_)
        return;
    sem_init(&arrived_, 0, 0);
    std::thread{[this] {
        for (;;) {
            while (sem_wait(&arrived_) != 0) {
            }
            std::lock_guard lock{mutex_};
            dispatch();
        }
    }}.detach();
    has_thread_ = true;
}

void signal_source::dispatch()
{
    unsigned end = order_end_;
    if (end - order_begin_ > order_.size())
        order_begin_ = end - static_cast<unsigned>(order_.size());
    for (; order_begin_ != end; ++order_begin_) {
        int signo = order_[order_begin_ % order_.size()].exchange(0);
        if (pending_[static_cast<std::size_t>(signo)] > 0) {
            --pending_[static_cast<std::size_t>(signo)];
            notify(signo, 1);
        }
    }
    for (int signo = 1; signo < count; ++signo) { // those whose place was taken by others
        if (unsigned n = pending_[static_cast<std::size_t>(signo)].exchange(0))
            notify(signo, n);
    }
}

void signal_source::notify(int signo, unsigned n)
{
    for (signal_notifications* set : sets_) {
        if (!set->members_[static_cast<std::size_t>(signo)])
            continue;
        unsigned rest = n;
        if (set->first_waiter_) {
            set->complete_all({}, signo);
            --rest;
        }
        set->queued_[static_cast<std::size_t>(signo)] += rest;
    }
}

error_code signal_source::hold(int signo)
{
    auto& holders = holders_[static_cast<std::size_t>(signo)];
    if (holders == 0) {
        start_thread();
        pending_[static_cast<std::size_t>(signo)] = 0; // came when the last holder dropped it
        struct sigaction action {};
        action.sa_sigaction = on_signal;
        action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK; // not on the stack of a fiber
        if (sigaction(signo, &action, nullptr) != 0)
            return system_error(errno);
    }
    ++holders;
    return {};
}

void signal_source::drop(int signo)
{
    if (--holders_[static_cast<std::size_t>(signo)] == 0)
        set_default(signo);
}

signal_notifications::signal_notifications()
{
    std::lock_guard lock{source_.mutex_};
    source_.sets_.insert(this);
}

signal_notifications::~signal_notifications()
{
    clear();
    std::lock_guard lock{source_.mutex_};
    source_.sets_.erase(this);
}

error_code signal_notifications::add(int signo)
{
    if (!signal_source::is_valid(signo))
        return system_error(EINVAL);
    std::lock_guard lock{source_.mutex_};
    source_.dispatch();
    if (members_[static_cast<std::size_t>(signo)])
        return {};
    error_code ec = source_.hold(signo);
    members_[static_cast<std::size_t>(signo)] = !ec;
    return ec;
}

error_code signal_notifications::remove(int signo)
{
    if (!signal_source::is_valid(signo))
        return system_error(EINVAL);
    std::lock_guard lock{source_.mutex_};
    source_.dispatch(); // other sets get what came so far
    erase(signo);
    return {};
}

void signal_notifications::clear()
{
    std::lock_guard lock{source_.mutex_};
    source_.dispatch();
    for (int signo = 1; signo < signal_source::count; ++signo)
        erase(signo);
}

void signal_notifications::erase(int signo)
{
    auto i = static_cast<std::size_t>(signo);
    if (!members_[i])
        return;
    members_.reset(i);
    queued_[i] = 0;
    source_.drop(signo);
}

void signal_notifications::cancel()
{
    std::lock_guard lock{source_.mutex_};
    source_.dispatch();
    complete_all(boost::asio::error::operation_aborted, 0);
}

void signal_notifications::wait(waiter& w)
{
    w.run = [](task& t, vm&) {
        auto& self = static_cast<waiter&>(t);
        (*self.handler)(self.ec, self.signo);
    };
    std::lock_guard lock{source_.mutex_};
    source_.dispatch();
    auto first = std::ranges::find_if(queued_, [](unsigned n) { return n > 0; });
    if (first != queued_.end()) {
        --*first;
        w.signo = static_cast<int>(first - queued_.begin());
        w.owner.post(w);
        return;
    }
    waiter** end = &first_waiter_;
    while (*end)
        end = &(*end)->next_waiter;
    *end = &w;
}

void signal_notifications::cancel(waiter& w)
{
    std::lock_guard lock{source_.mutex_};
    source_.dispatch(); // what came before is not lost on it
    waiter** place = &first_waiter_;
    while (*place && *place != &w)
        place = &(*place)->next_waiter;
    if (!*place)
        return;
    *place = w.next_waiter;
    w.ec = boost::asio::error::operation_aborted;
    w.owner.post(w);
}

void signal_notifications::complete_all(error_code ec, int signo)
{
    while (waiter* w = first_waiter_) {
        first_waiter_ = w->next_waiter;
        w->ec = ec;
        w->signo = signo;
        w->owner.post(*w); // it may be gone after this
    }
}

} // namespace emilua
