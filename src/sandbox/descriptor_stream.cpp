#include "sandbox/descriptor_stream.hpp"

#include "io/scm_rights.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace emilua {

int send_all(int socket, std::span<const std::byte> bytes, std::span<const int> descriptors)
{
    alignas(cmsghdr) std::byte control[CMSG_SPACE(descriptor_stream_limit * sizeof(int))] = {};
    iovec part{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (!descriptors.empty())
        attach_descriptors(header, control, descriptors);
    while (!bytes.empty()) {
        part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
        ssize_t n = sendmsg(socket, &header, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) // a peer that ends with unread data resets the connection
            return errno == ECONNRESET ? EPIPE : errno;
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        header.msg_control = nullptr; // they went with the first byte
        header.msg_controllen = 0;
    }
    return 0;
}

int receive_all(int socket, std::span<std::byte> bytes, std::span<int> descriptors)
{
    alignas(cmsghdr) std::byte control[CMSG_SPACE(descriptor_stream_limit * sizeof(int))];
    std::ranges::fill(descriptors, -1);
    while (!bytes.empty()) {
        iovec part{bytes.data(), bytes.size()};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = descriptors.empty() ? nullptr : control;
        header.msg_controllen = descriptors.empty() ? 0 : CMSG_SPACE(descriptors.size_bytes());
        ssize_t n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 || errno == ECONNRESET ? EPIPE : errno;
        take_descriptors(header, [&](int fd) {
            if (descriptors.empty()) {
                close(fd);
            } else {
                descriptors.front() = fd;
                descriptors = descriptors.subspan(1);
            }
        });
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        descriptors = {};
    }
    return 0;
}

} // namespace emilua
