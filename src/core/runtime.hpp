// What a process has once: command line, environment, module sources, live VMs, threads, exit status.
#pragma once

#include "emilua/reporter.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

struct lua_State;

namespace emilua {

class context;
class vm;
struct process_change;

// Source texts of modules by absolute path: a file is read once a process. An embedder fills it in advance.
class source_cache {
public:
    void put(std::string path, std::string text);
    std::shared_ptr<const std::string> get(const std::string& path) const;

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<const std::string>> sources_;
};

class runtime {
public:
    explicit runtime(reporter& r);
    ~runtime();
    runtime(const runtime&) = delete;
    runtime& operator=(const runtime&) = delete;

    reporter& report;
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment; // first of duplicates only
    std::vector<std::string> package_directories;                 // absolute
    std::size_t fiber_stack_size;
    std::size_t main_stack_size;
    source_cache sources;
    bool dumps_at_end = false; // a VM that closes while it has fibers says where they stand
    bool keeps_times = false;  // how long fibers wait is known then
    // Makes an actor in a process of its own and pushes a channel to it; the table `subprocess` of spawn_vm
    // is on top of the stack. Raises. Empty without a fork server: in an embedding, or where it did not start.
    std::function<void(lua_State* L, std::string_view module, bool single)> spawn_subprocess;

    // --- VMs. A VM belongs to the runtime from adopt() until it has closed.
    void adopt(std::unique_ptr<vm> v);
    void closed(vm& v);
    // Any thread. Each VM reports where its fibers stand.
    void request_dumps();

    vm* master() const { return master_.load(std::memory_order_relaxed); }
    void set_master(vm* v) { master_.store(v, std::memory_order_relaxed); }

    // Of the process that starts subprocess actors; empty: there is none. While it is held no actor starts.
    std::function<std::unique_lock<std::mutex>()> hold_subprocesses;
    // While it is held: applies a change to that process, too. False: it could not.
    std::function<bool(const process_change&)> mirror;

    // --- Threads
    // Adds a thread that runs `c` until its last VM has closed. Throws std::system_error.
    void add_thread(std::shared_ptr<context> c);
    // Runs `c` on the calling thread, then wait().
    void run(context& c);
    // Waits for all threads that were added.
    void wait();

    // --- Exit status
    void exit(int status); // system.exit() of the master
    void main_failed();    // the main fiber of the main VM did not return
    int exit_status() const;

private:
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<vm>> vms_;
    std::list<std::thread> threads_;
    std::list<std::thread> ended_threads_; // to be joined, which gives their memory back
    std::condition_variable thread_ended_;
    std::atomic<vm*> master_ = nullptr;
    std::optional<int> exit_status_;
    bool main_failed_ = false;
};

} // namespace emilua
