/* Connected TCP sockets over loopback, for C. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void connect_pair(int* client, int* server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int acceptor = socket(AF_INET, SOCK_STREAM, 0);
    measure_check(bind(acceptor, (struct sockaddr*)&address, size) == 0, "bind");
    measure_check(listen(acceptor, 1) == 0, "listen");
    measure_check(getsockname(acceptor, (struct sockaddr*)&address, &size) == 0, "getsockname");
    *client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(*client, (struct sockaddr*)&address, size);
    *server = accept4(acceptor, NULL, NULL, SOCK_NONBLOCK);
    measure_check(*server >= 0, "accept4");
    close(acceptor);
}
