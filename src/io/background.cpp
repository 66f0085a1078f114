#include "io/background.hpp"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

namespace emilua {

namespace {

constexpr std::size_t max_threads = 8;
constexpr std::chrono::seconds idle_time{10};

class pool {
public:
    void submit(std::function<void()> f)
    {
        std::lock_guard lock{mutex_};
        queue_.push_back(std::move(f));
        if (queue_.size() > idle_ && threads_ < max_threads)
            add_thread();
        wake_.notify_one();
    }

private:
    void add_thread()
    {
        // Signals belong to the threads that run VMs.
        sigset_t all, old;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        try {
            std::thread{[this] { work(); }}.detach();
            ++threads_;
        } catch (const std::system_error&) {
            pthread_sigmask(SIG_SETMASK, &old, nullptr);
            if (threads_ > 0)
                return; // those that run will get to it
            queue_.pop_back();
            throw;
        }
        pthread_sigmask(SIG_SETMASK, &old, nullptr);
    }

    void work()
    {
        std::unique_lock lock{mutex_};
        for (;;) {
            ++idle_;
            bool found = wake_.wait_for(lock, idle_time, [this] { return !queue_.empty(); });
            --idle_;
            if (!found) {
                --threads_;
                return;
            }
            auto f = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            f();
            f = nullptr; // not under the lock: it frees what the call owned
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    std::size_t threads_ = 0;
    std::size_t idle_ = 0;
};

} // namespace

void run_in_background(std::function<void()> f)
{
    static pool& shared = *new pool;
    shared.submit(std::move(f));
}

} // namespace emilua
