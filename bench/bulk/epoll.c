/* The work of emilua.lua as one bare epoll loop. */
#include "measure.h"
#include "sockets.h"

#include <sys/epoll.h>

enum { block = 64 * 1024, total = 16 * 1024 };

static char data[block], buffer[block];

static void add(int epoll, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    measure_check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void transmit(int epoll, int sender, int receiver, long blocks)
{
    long to_send = blocks * block, to_receive = to_send;
    size_t offset = 0;
    add(epoll, sender, EPOLLOUT);
    while (to_receive > 0) {
        struct epoll_event events[2];
        int n = epoll_wait(epoll, events, 2, -1);
        for (int i = 0; i < n; ++i) {
            if (events[i].data.fd == receiver) {
                ssize_t size = read(receiver, buffer, block);
                measure_check(size > 0, "read");
                to_receive -= size;
                continue;
            }
            ssize_t size = write(sender, data + offset, block - offset);
            measure_check(size > 0, "write");
            offset = (offset + size) % block;
            to_send -= size;
            if (to_send == 0)
                epoll_ctl(epoll, EPOLL_CTL_DEL, sender, NULL);
        }
    }
}

int main(void)
{
    int epoll = epoll_create1(0), sender, receiver;
    connect_pair(&sender, &receiver);
    add(epoll, receiver, EPOLLIN);
    transmit(epoll, sender, receiver, total / 10);
    double start = measure_cpu();
    transmit(epoll, sender, receiver, total);
    measure_report("64 KiB", (measure_cpu() - start) / total, "ns");
}
