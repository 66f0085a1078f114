// Bytes and descriptors over a blocking stream socket, between two processes that trust each other: a program
// and its fork server, an actor and its creator. Allocates nothing.
#pragma once

#include <cstddef>
#include <span>

namespace emilua {

// More than any of their messages has.
inline constexpr std::size_t descriptor_stream_limit = 8;

// Sends all of `bytes` (at least one), the descriptors with the first. 0 or errno; EPIPE if there is no peer
// any more, never SIGPIPE.
int send_all(int socket, std::span<const std::byte> bytes, std::span<const int> descriptors = {});

// Fills `bytes` (at least one), and `descriptors` with as many as came, -1 where none did: close-on-exec,
// owned by the caller. 0 or errno; EPIPE at the end of the stream.
int receive_all(int socket, std::span<std::byte> bytes, std::span<int> descriptors = {});

// An object as it lies in memory.
template <class T>
std::span<const std::byte> bytes_of(const T& object)
{
    return std::as_bytes(std::span{&object, 1});
}
template <class T>
std::span<std::byte> bytes_of(T& object)
{
    return std::as_writable_bytes(std::span{&object, 1});
}

} // namespace emilua
