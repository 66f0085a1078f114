// Answers a signal with a report of where the fibers of all VMs stand.
#pragma once

#include <thread>

namespace emilua {
class runtime;
}

namespace emilua::cli {

// One at a time. It has a thread of its own: no io_context has to be idle, or to live, for it, and none is
// kept alive by it.
class dump_signal_thread {
public:
    dump_signal_thread(runtime& rt, int signo);
    ~dump_signal_thread();
    dump_signal_thread(const dump_signal_thread&) = delete;
    dump_signal_thread& operator=(const dump_signal_thread&) = delete;

private:
    int signo_;
    std::thread thread_;
};

} // namespace emilua::cli
