// glibc does this for setresuid(2) and its kin only. libpsx does it for any call, but version 2.66 knows no
// threads but those made by a wrapped pthread_create(), which misses std::thread.
//
// The signal is glibc's SIGCANCEL, which a program cannot block with pthread_sigmask(): the threads that
// serve getaddrinfo() have everything blocked that can be. glibc itself uses it for pthread_cancel() only,
// and sigaction(2) hides it, hence the raw system calls.
#include "system/linux/all_threads.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <linux/futex.h>
#include <string_view>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace emilua {

namespace {

constexpr int signal_cancel = 32;
constexpr int signal_setxid = 33;
// For a thread to stop: intervals, in nanoseconds.
constexpr int patience = 500;
constexpr long interval = 10'000'000;

enum phase : std::uint32_t { idle, stopping, going_on, applying };

struct stopped_thread {
    pid_t id;
    stopped_thread* next;
};

std::atomic<std::uint32_t> current_phase = idle;
std::atomic<stopped_thread*> stopped = nullptr;
std::atomic<std::uint32_t> stopped_count = 0; // changes when `stopped` does: to wait for
std::atomic<std::uint32_t> inside = 0;        // handlers that run
std::atomic<bool> failed = false;
int (*job)(void*);
void* job_data;

// A fork of the process needs another one.
int task_directory = -1;
pid_t task_directory_owner = 0;

// As the kernel has it.
struct kernel_sigaction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

void wait(std::atomic<std::uint32_t>& word, std::uint32_t value, long nanoseconds)
{
    timespec timeout{0, nanoseconds};
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nanoseconds ? &timeout : nullptr, nullptr, 0);
}

void wake(std::atomic<std::uint32_t>& word)
{
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void set_phase(phase p)
{
    current_phase = p;
    wake(current_phase);
}

void on_signal(int, siginfo_t*, void*)
{
    int saved_errno = errno;
    ++inside;
    // A signal of an attempt that was given up may come late.
    if (current_phase == stopping) {
        stopped_thread self{static_cast<pid_t>(syscall(SYS_gettid)), stopped};
        while (!stopped.compare_exchange_weak(self.next, &self)) {
        }
        ++stopped_count;
        wake(stopped_count);
        while (current_phase == stopping)
            wait(current_phase, stopping, 0);
        if (current_phase == applying && job(job_data) != 0)
            failed = true;
    }
    --inside;
    wake(inside);
    errno = saved_errno;
}

// What glibc set for a signal of its own knows how a handler returns.
int install_handler()
{
    kernel_sigaction action;
    if (syscall(SYS_rt_sigaction, signal_setxid, nullptr, &action, sizeof(action.mask)) != 0)
        return errno;
    action.handler = on_signal;
    action.flags |= SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    action.mask = ~std::uint64_t{0};
    if (syscall(SYS_rt_sigaction, signal_cancel, &action, nullptr, sizeof(action.mask)) != 0)
        return errno;
    return 0;
}

bool is_stopped(pid_t id)
{
    for (auto* t = stopped.load(); t; t = t->next) {
        if (t->id == id)
            return true;
    }
    return false;
}

// Threads that run no code of the process: workers of io_uring, which act with the rights of the thread that
// submitted the work, and what has ended.
bool needs_no_stop(const char* id)
{
    char path[32], text[512];
    std::snprintf(path, sizeof(path), "%s/stat", id);
    int fd = openat(task_directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    std::string_view stat{text, static_cast<std::size_t>(n > 0 ? n : 0)};
    auto name_end = stat.rfind(')'); // then " STATE ppid pgrp session tty tpgid flags", see proc(5)
    if (name_end == stat.npos)
        return false;
    stat.remove_prefix(name_end + 1);
    bool ended = stat.starts_with(" Z") || stat.starts_with(" X");
    for (int field = 0; field != 7 && !stat.empty(); ++field)
        stat.remove_prefix(std::min(stat.find(' ') + 1, stat.size()));
    unsigned long flags = 0;
    std::from_chars(stat.data(), stat.data() + stat.size(), flags);
    constexpr unsigned long io_worker = 0x10; // PF_IO_WORKER
    return ended || flags & io_worker;
}

// 0: the thread has stopped or is no more.
int stop(pid_t id)
{
    pid_t process = getpid();
    if (syscall(SYS_tgkill, process, id, signal_cancel) != 0)
        return errno == ESRCH ? 0 : errno;
    for (int attempt = 0; attempt != patience; ++attempt) {
        std::uint32_t seen = stopped_count;
        if (is_stopped(id))
            return 0;
        wait(stopped_count, seen, interval);
        if (syscall(SYS_tgkill, process, id, 0) != 0 && errno == ESRCH)
            return 0;
    }
    return ESRCH;
}

struct kernel_dirent {
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

// One pass over the threads. `found`: there was one to be stopped.
int stop_those_that_run(bool& found)
{
    // Others may have stopped inside malloc().
    alignas(kernel_dirent) static char entries[32 * 1024];
    auto self = static_cast<pid_t>(syscall(SYS_gettid));
    found = false;
    lseek(task_directory, 0, SEEK_SET);
    for (;;) {
        long size = syscall(SYS_getdents64, task_directory, entries, sizeof(entries));
        if (size < 0)
            return errno;
        if (size == 0)
            return 0;
        for (long at = 0; at < size;) {
            auto* entry = reinterpret_cast<kernel_dirent*>(entries + at);
            at += entry->size;
            pid_t id = 0;
            std::from_chars(entry->name, entry->name + std::strlen(entry->name), id);
            if (id == 0 || id == self || is_stopped(id) || needs_no_stop(entry->name))
                continue;
            found = true;
            if (int error = stop(id))
                return error;
        }
    }
}

// Threads that run may start others: until a pass finds none.
int stop_all()
{
    for (bool found = true; found;) {
        if (int error = stop_those_that_run(found))
            return error;
    }
    return 0;
}

} // namespace

void prepare_all_threads()
{
    pid_t self = getpid();
    if (task_directory >= 0 && task_directory_owner == self)
        return;
    if (task_directory >= 0)
        close(task_directory);
    task_directory = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    task_directory_owner = self;
}

int on_all_threads(int (*f)(void*), void* data)
{
    if (__libc_single_threaded)
        return f(data);
    prepare_all_threads();
    if (task_directory < 0)
        return errno;
    if (int error = install_handler())
        return error;
    job = f;
    job_data = data;
    stopped = nullptr;
    set_phase(stopping);
    int error = stop_all();
    if (!error)
        error = f(data);
    set_phase(error ? going_on : applying);
    while (std::uint32_t n = inside)
        wait(inside, n, 0);
    set_phase(idle);
    if (failed) {
        constexpr std::string_view text = "a thread of the process kept rights that the others gave up\n";
        [[maybe_unused]] auto r = write(STDERR_FILENO, text.data(), text.size());
        _exit(1);
    }
    return error;
}

} // namespace emilua
