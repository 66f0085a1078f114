/* The work of emilua.lua as one bare epoll loop that has both ends of every connection. */
#include "measure.h"
#include "sockets.h"

#include <sys/epoll.h>

enum { message_size = 64, total = 200000, most_connections = 1000 };

struct end {
    int fd;
    int is_client;
};

static void transfer(ssize_t size)
{
    measure_check(size == message_size, "transfer");
}

static void exchange(int epoll, struct end* clients, int connections, long count)
{
    struct epoll_event events[128];
    char buffer[message_size] = {0};
    for (int i = 0; i < connections; ++i)
        transfer(write(clients[i].fd, buffer, message_size));
    long to_write = count - connections, to_read = count;
    while (to_read > 0) {
        int n = epoll_wait(epoll, events, 128, -1);
        for (int i = 0; i < n; ++i) {
            struct end* e = events[i].data.ptr;
            transfer(read(e->fd, buffer, message_size));
            if (e->is_client) {
                --to_read;
                if (--to_write < 0)
                    continue;
            }
            transfer(write(e->fd, buffer, message_size));
        }
    }
}

static void add(int epoll, struct end* e)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = e};
    measure_check(epoll_ctl(epoll, EPOLL_CTL_ADD, e->fd, &event) == 0, "epoll_ctl");
}

static void run(int connections)
{
    static struct end clients[most_connections], servers[most_connections];
    int epoll = epoll_create1(0);
    for (int i = 0; i < connections; ++i) {
        connect_pair(&clients[i].fd, &servers[i].fd);
        clients[i].is_client = 1;
        add(epoll, &clients[i]);
        add(epoll, &servers[i]);
    }
    exchange(epoll, clients, connections, total / 10);
    double start = measure_cpu();
    exchange(epoll, clients, connections, total);
    char metric[32];
    snprintf(metric, sizeof(metric), "%d connections", connections);
    measure_report(metric, (measure_cpu() - start) / total, "ns");
    for (int i = 0; i < connections; ++i) {
        close(clients[i].fd);
        close(servers[i].fd);
    }
    close(epoll);
}

int main(void)
{
    run(1);
    run(64);
    run(most_connections);
}
