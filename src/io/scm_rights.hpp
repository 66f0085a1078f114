// Descriptors as ancillary data of a message on a UNIX socket: SCM_RIGHTS, see unix(7) and cmsg(3).
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <sys/socket.h>

namespace emilua {

// Attaches descriptors (at least one) to a message to be sent. `control` has room for
// CMSG_SPACE(descriptors.size_bytes()) bytes and is aligned like a cmsghdr.
inline void attach_descriptors(msghdr& header, void* control, std::span<const int> descriptors)
{
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    auto* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(c), descriptors.data(), descriptors.size_bytes());
}

// Calls `take(fd)` for each descriptor that came with a received message: `take` owns it from then on. More
// may come than were asked for: the kernel fills what alignment adds to the room for them.
template <class Take>
void take_descriptors(msghdr& header, Take take)
{
    for (auto* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            take(fd);
        }
    }
}

} // namespace emilua
