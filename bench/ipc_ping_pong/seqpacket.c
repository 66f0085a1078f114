/* 16 bytes that go to and fro between two processes on a pair of sockets; and in one direction. */
#include "measure.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct record {
    uint64_t member[2];
};

static double wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

static void put(int fd, uint64_t value)
{
    struct record r = {{0, value}};
    measure_check(send(fd, &r, sizeof(r), 0) == sizeof(r), "send");
}

static uint64_t get(int fd)
{
    struct record r;
    measure_check(recv(fd, &r, sizeof(r), 0) == sizeof(r), "recv");
    return r.member[1];
}

static void echo(int in, int out)
{
    uint64_t value;
    do
        put(out, value = get(in));
    while (value != 0);
    do
        value = get(in);
    while (value != 0);
    put(out, 0);
}

int main(void)
{
    enum { count = 100000 };
    int to[2], back[2];
    measure_check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, to) == 0, "socketpair");
    measure_check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, back) == 0, "socketpair");
    if (fork() == 0) {
        echo(to[1], back[0]);
        return 0;
    }
    for (int i = 1; i <= count / 10; ++i) {
        put(to[0], i);
        get(back[1]);
    }
    double start = wall();
    for (int i = 1; i <= count; ++i) {
        put(to[0], i);
        get(back[1]);
    }
    measure_report("round trip", (wall() - start) / count, "ns");
    put(to[0], 0);
    get(back[1]);
    start = wall();
    for (int i = 1; i <= count; ++i)
        put(to[0], i);
    put(to[0], 0);
    get(back[1]);
    measure_report("one way", (wall() - start) / count, "ns");
    wait(NULL);
}
