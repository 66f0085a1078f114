/* The work of emilua.lua with posix_spawn(3). */
#include "measure.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { count = 1000, at_once = 100 };

static double wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

static void reap(pid_t pid)
{
    int status;
    measure_check(waitpid(pid, &status, 0) == pid && status == 0, "waitpid");
}

static void spawn_and_wait(int n)
{
    char* argv[] = {"true", NULL};
    char* envp[] = {NULL};
    for (int i = 0; i < n; ++i) {
        pid_t pid;
        measure_check(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, envp) == 0, "posix_spawn");
        reap(pid);
    }
}

static void collect(int n)
{
    char* argv[] = {"echo", "line", NULL};
    char* envp[] = {NULL};
    char buffer[4096];
    for (int done = 0; done < n; done += at_once) {
        struct pollfd fds[at_once];
        pid_t pids[at_once];
        for (int i = 0; i < at_once; ++i) {
            int ends[2];
            posix_spawn_file_actions_t actions;
            measure_check(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
            posix_spawn_file_actions_init(&actions);
            posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
            measure_check(posix_spawn(&pids[i], "/bin/echo", &actions, NULL, argv, envp) == 0, "posix_spawn");
            posix_spawn_file_actions_destroy(&actions);
            close(ends[1]);
            fds[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
        }
        for (int open = at_once; open > 0;) {
            poll(fds, at_once, -1);
            for (int i = 0; i < at_once; ++i) {
                if (fds[i].revents != 0 && read(fds[i].fd, buffer, sizeof(buffer)) <= 0) {
                    close(fds[i].fd);
                    fds[i].fd = -1;
                    --open;
                }
            }
        }
        for (int i = 0; i < at_once; ++i)
            reap(pids[i]);
    }
}

static void cost(const char* metric, void (*f)(int))
{
    f(count / 10);
    double start = wall();
    f(count);
    measure_report(metric, (wall() - start) / count, "ns");
}

int main(void)
{
    cost("spawn and wait", spawn_and_wait);
    cost("child of 100 with its output", collect);
    memset(malloc(1 << 30), 1, 1 << 30);
    cost("spawn and wait with 1 GiB", spawn_and_wait);
}
