// Signals of the process on their way to the signal sets of its VMs.
//
// The handler counts the signal and wakes a thread, nothing more; a count loses nothing, however many come.
// dispatch() turns the counts into notifications: on that thread, and before each operation on a set, so that
// a set never takes a signal that arrived before an operation for one that came after it.
//
// Dispositions are changed here only, under the same lock: what a worker may raise depends on them.
#pragma once

#include "core/await.hpp"

#include <array>
#include <atomic>
#include <bitset>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <optional>
#include <semaphore.h>
#include <set>

namespace emilua {

class signal_notifications;

// One a process.
class signal_source {
public:
    static signal_source& instance();

    // EPERM for a signal that a set holds; EINVAL. `disposition`: SIG_IGN or SIG_DFL.
    error_code set_disposition(int signo, void (*disposition)(int));
    // raise(3), unless the default action is in force: EPERM.
    error_code raise_unless_default(int signo);

private:
    friend class signal_notifications;

    static constexpr int count = NSIG; // signals are 1 to count - 1

    signal_source() = default;
    static void on_signal(int signo, siginfo_t* info, void*);
    static bool is_valid(int signo) { return signo > 0 && signo < count; }
    static error_code set_default(int signo);
    void start_thread();
    void dispatch();
    void notify(int signo, unsigned n);
    error_code hold(int signo);
    void drop(int signo);

    std::mutex mutex_;
    sem_t arrived_; // sem_post() is what a handler may call
    bool has_thread_ = false;
    std::array<std::atomic<unsigned>, count> pending_{};
    // Signal numbers in the order in which they came, as many as fit; 0: none. Says what to look at first.
    std::array<std::atomic<std::uint8_t>, 256> order_{};
    std::atomic<unsigned> order_end_ = 0;
    unsigned order_begin_ = 0;
    std::array<unsigned, count> holders_{};
    std::set<signal_notifications*> sets_;
};

// What one signal set holds, has queued, and who waits for it.
class signal_notifications {
public:
    // A fiber that waits. Lives on its stack until it is completed.
    struct waiter : task {
        explicit waiter(vm& v)
            : owner{v}
        {
        }

        vm& owner;
        waiter* next_waiter = nullptr;
        std::optional<detail::completion<int>> handler;
        error_code ec;
        int signo = 0;
    };

    signal_notifications();
    ~signal_notifications();
    signal_notifications(const signal_notifications&) = delete;
    signal_notifications& operator=(const signal_notifications&) = delete;

    error_code add(int signo);
    error_code remove(int signo);
    void clear();
    // All waiters get operation_aborted.
    void cancel();
    // Completes `w` later, with a signal or operation_aborted.
    void wait(waiter& w);
    void cancel(waiter& w);

private:
    friend class signal_source;

    void erase(int signo);
    void complete_all(error_code ec, int signo);

    signal_source& source_ = signal_source::instance();
    std::bitset<signal_source::count> members_;
    std::array<unsigned, signal_source::count> queued_{};
    waiter* first_waiter_ = nullptr; // in the order in which they came
};

} // namespace emilua
