#include "cli/standard_output.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <poll.h>
#include <unistd.h>

namespace emilua::cli {

namespace {

ssize_t write_cookie(void* cookie, const char* data, std::size_t size)
{
    int fd = static_cast<int>(reinterpret_cast<std::intptr_t>(cookie));
    return static_cast<ssize_t>(write_all(fd, {data, size}));
}

void replace(FILE*& stream, int fd, int buffering)
{
    auto* cookie = reinterpret_cast<void*>(static_cast<std::intptr_t>(fd));
    FILE* replacement =
        fopencookie(cookie, "w", {.read = nullptr, .write = write_cookie, .seek = nullptr, .close = nullptr});
    if (!replacement)
        return;
    std::setvbuf(replacement, nullptr, buffering, BUFSIZ);
    stream = replacement;
}

} // namespace

std::size_t write_all(int fd, std::string_view text)
{
    std::size_t done = 0;
    while (done < text.size()) {
        ssize_t n = write(fd, text.data() + done, text.size() - done);
        if (n >= 0) {
            done += static_cast<std::size_t>(n);
        } else if (errno == EAGAIN) {
            pollfd p{.fd = fd, .events = POLLOUT, .revents = 0};
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            break;
        }
    }
    return done;
}

void replace_standard_output()
{
    replace(stdout, STDOUT_FILENO, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
    replace(stderr, STDERR_FILENO, _IONBF);
}

} // namespace emilua::cli
