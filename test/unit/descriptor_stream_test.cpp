#include "sandbox/descriptor_stream.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace {

using namespace emilua;

class descriptor_stream : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0); }
    void TearDown() override
    {
        for (int fd : ends) {
            if (fd >= 0)
                ::close(fd);
        }
    }
    void close_end(int i) { ::close(std::exchange(ends[i], -1)); }

    int ends[2];
};

// The kernel fills what alignment adds to the room for one.
TEST_F(descriptor_stream, descriptors_beyond_those_asked_for_are_closed)
{
    const int sent[] = {0, 0};
    std::array<std::byte, 1> byte{};
    ASSERT_EQ(send_all(ends[0], byte, sent), 0);
    int received[] = {-1, -7};
    ASSERT_EQ(receive_all(ends[1], byte, std::span{received}.first(1)), 0);
    EXPECT_EQ(received[1], -7);
    int next = ::dup(0); // the lowest that is free
    EXPECT_EQ(next, received[0] + 1);
    ::close(next);
    ::close(received[0]);
}

// 03.41, 03.49: who dies with unread data has ended, like everybody else.
TEST_F(descriptor_stream, a_peer_that_dies_while_we_wait_is_a_broken_pipe)
{
    int error = 0;
    std::thread sender{[&] {
        const std::array<std::byte, 4096> part{};
        while (!error)
            error = send_all(ends[0], part);
    }};
    std::this_thread::sleep_for(std::chrono::milliseconds{100}); // the buffer is full
    close_end(1);
    sender.join();
    EXPECT_EQ(error, EPIPE);
}

TEST_F(descriptor_stream, a_peer_that_is_gone_is_a_broken_pipe)
{
    int number = 1;
    ASSERT_EQ(send_all(ends[0], bytes_of(number)), 0);
    close_end(1);
    EXPECT_EQ(receive_all(ends[0], bytes_of(number)), EPIPE);
    EXPECT_EQ(send_all(ends[0], bytes_of(number)), EPIPE);
}

TEST_F(descriptor_stream, descriptors_come_with_the_first_byte)
{
    const int sent[] = {ends[0], ends[1]};
    int number = 1;
    std::array<int, 3> received;
    ASSERT_EQ(send_all(ends[0], bytes_of(number), sent), 0);
    ASSERT_EQ(receive_all(ends[1], bytes_of(number), received), 0);
    EXPECT_TRUE(::fcntl(received[0], F_GETFD) & FD_CLOEXEC);
    EXPECT_GE(received[1], 0);
    EXPECT_EQ(received[2], -1);
    ::close(received[0]);
    ::close(received[1]);
}

} // namespace
