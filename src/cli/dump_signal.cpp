#include "cli/dump_signal.hpp"

#include "core/runtime.hpp"

#include <atomic>
#include <csignal>
#include <cstring>
#include <semaphore.h>

namespace emilua::cli {

namespace {

sem_t arrived; // sem_post() is what a handler may call
std::atomic<bool> stopping;

} // namespace

dump_signal_thread::dump_signal_thread(runtime& rt, int signo)
    : signo_{signo}
{
    sem_init(&arrived, 0, 0);
    stopping = false;
    thread_ = std::thread{[&rt] {
        for (;;) {
            while (sem_wait(&arrived) != 0) {
            }
            if (stopping)
                return;
            rt.request_dumps();
        }
    }};
    struct sigaction action;
    std::memset(&action, 0, sizeof(action));
    action.sa_handler = [](int) { sem_post(&arrived); };
    action.sa_flags = SA_RESTART;
    sigaction(signo, &action, nullptr);
}

dump_signal_thread::~dump_signal_thread()
{
    std::signal(signo_, SIG_IGN); // the process ends: too late for an answer
    stopping = true;
    sem_post(&arrived);
    thread_.join();
    sem_destroy(&arrived);
}

} // namespace emilua::cli
