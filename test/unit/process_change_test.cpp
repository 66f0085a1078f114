#include "system/process_change.hpp"

#include "core/runtime.hpp"
#include "silent_reporter.hpp"
#include "system/linux/all_threads.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <mutex>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace emilua;
using kind = process_change::kind;

// --- All threads

struct calls {
    std::atomic<int> count = 0;
    std::array<std::atomic<pid_t>, 4096> threads{};
    int result = 0;

    int run()
    {
        return on_all_threads(
            [](void* data) {
                auto& self = *static_cast<calls*>(data);
                self.threads[static_cast<std::size_t>(self.count++)] =
                    static_cast<pid_t>(syscall(SYS_gettid));
                return self.result;
            },
            this);
    }

    bool seen_once(pid_t id) const { return std::count(threads.begin(), threads.begin() + count, id) == 1; }
};

// Threads that wait in the kernel, all signals blocked, until they are let go.
class waiting_threads {
public:
    explicit waiting_threads(int n)
    {
        sigset_t all, old;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        end_.lock();
        for (int i = 0; i != n; ++i) {
            threads_.emplace_back([this] {
                {
                    std::lock_guard lock{ids_mutex_};
                    ids.push_back(static_cast<pid_t>(syscall(SYS_gettid)));
                }
                ++started_;
                std::lock_guard wait{end_};
            });
        }
        pthread_sigmask(SIG_SETMASK, &old, nullptr);
        while (started_ != n)
            std::this_thread::yield();
    }

    ~waiting_threads()
    {
        end_.unlock();
        for (auto& t : threads_)
            t.join();
    }

    std::vector<pid_t> ids;

private:
    std::mutex end_, ids_mutex_;
    std::atomic<int> started_ = 0;
    std::vector<std::thread> threads_;
};

class on_threads : public testing::Test {
protected:
    void SetUp() override
    {
#ifdef __SANITIZE_THREAD__
        GTEST_SKIP() << "ThreadSanitizer has a thread that blocks every signal";
#endif
    }
};

struct all_threads : on_threads {};

TEST_F(all_threads, each_once)
{
    waiting_threads others{8};
    for (int round = 0; round != 20; ++round) {
        calls c;
        EXPECT_EQ(c.run(), 0);
        EXPECT_GE(c.count, 9);
        for (pid_t id : others.ids)
            EXPECT_TRUE(c.seen_once(id));
        EXPECT_TRUE(c.seen_once(static_cast<pid_t>(syscall(SYS_gettid))));
    }
}

TEST_F(all_threads, a_refusal_reaches_no_other)
{
    waiting_threads others{3};
    calls c;
    c.result = EPERM;
    EXPECT_EQ(c.run(), EPERM);
    EXPECT_EQ(c.count, 1);
}

// No thread can have the signal blocked unless it goes behind glibc's back.
TEST_F(all_threads, one_that_does_not_stop)
{
    std::atomic<bool> blocked = false, stop = false;
    std::thread stubborn{[&] {
        std::uint64_t all = ~std::uint64_t{0}, none = 0;
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof(all));
        blocked = true;
        while (!stop)
            usleep(1000);
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof(none)); // the signal comes late
    }};
    while (!blocked)
        std::this_thread::yield();
    waiting_threads others{2};
    calls c;
    EXPECT_EQ(c.run(), ESRCH);
    EXPECT_EQ(c.count, 0);
    stop = true;
    stubborn.join();
    EXPECT_EQ(c.run(), 0);
    EXPECT_GE(c.count, 3);
}

// A thread that came to life meanwhile has what its creator had.
TEST_F(all_threads, threads_come_and_go)
{
    std::atomic<bool> stop = false;
    std::vector<std::thread> makers;
    for (int i = 0; i != 3; ++i) {
        makers.emplace_back([&] {
            while (!stop)
                std::thread{[] {}}.join();
        });
    }
    for (int round = 0; round != 200; ++round) {
        calls c;
        EXPECT_EQ(c.run(), 0);
        EXPECT_GE(c.count, 4);
    }
    stop = true;
    for (auto& t : makers)
        t.join();
}

// --- The fork server follows

struct mirrored : on_threads {
    silent_reporter report;
    runtime rt{report};
};

TEST_F(mirrored, what_succeeded)
{
    int seen = 0;
    int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    rt.mirror = [&](const process_change& c) {
        ++seen;
        EXPECT_EQ(c.what, kind::working_directory);
        EXPECT_EQ(c.fd, directory);
        return true;
    };
    EXPECT_EQ(change_process(rt, {.what = kind::working_directory, .fd = directory}), 0);
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(change_process(rt, {.what = kind::working_directory, .fd = -1}), EBADF);
    EXPECT_NE(change_process(rt, {.what = kind::landlock, .fd = -1}), 0);
    EXPECT_EQ(seen, 1);
    close(directory);
}

TEST_F(mirrored, a_fork_server_that_cannot_follow_is_the_end)
{
    rt.mirror = [](const process_change&) { return false; };
    EXPECT_EXIT(change_process(rt, {.what = kind::no_new_privs}), testing::ExitedWithCode(1), "fork server");
}

bool is_root(int fd)
{
    struct stat given, root;
    return fstat(fd, &given) == 0 && stat("/", &root) == 0 && given.st_ino == root.st_ino &&
           given.st_dev == root.st_dev;
}

// Where the path leads may depend on who looks: a descriptor does not.
TEST_F(mirrored, root_is_a_directory)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "chroot needs root";
    auto both = [&] {
        char made[] = "/tmp/emilua-unit-XXXXXX";
        rt.mirror = [](const process_change& c) {
            return c.what == kind::root && c.payload.empty() && is_root(c.fd) &&
                   apply(c, threads::one) == 0 && is_root(c.fd);
        };
        if (!mkdtemp(made))
            _exit(2);
        int outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int error =
            change_process(rt, {.what = kind::root, .payload = std::as_bytes(std::span{made, sizeof(made)})});
        unlinkat(outside, made + 1, AT_REMOVEDIR);
        _exit(error == 0 && !is_root(outside) ? 7 : 3);
    };
    EXPECT_EXIT(both(), testing::ExitedWithCode(7), "");
}

} // namespace
