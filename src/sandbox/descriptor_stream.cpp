#include "sandbox/descriptor_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
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
    if (!descriptors.empty()) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(c), descriptors.data(), descriptors.size_bytes());
    }
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
        for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
                std::memcpy(descriptors.data(), CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
        }
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        descriptors = {};
    }
    return 0;
}

} // namespace emilua
