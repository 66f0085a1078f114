#include "sandbox/start_report.hpp"

#include <algorithm>
#include <span>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

namespace emilua {

start_report this_start;

namespace {

void write_line(int fd, std::string_view line)
{
    char newline = '\n';
    // In one piece: lines of several actors do not mix.
    const iovec parts[] = {{const_cast<char*>(line.data()), line.size()}, {&newline, 1}};
    [[maybe_unused]] auto ignored = writev(fd, parts, 2); // nobody to tell
}

// The line may quote a program that is not trusted: nothing in it commands the creator's terminal.
std::string_view make_harmless(std::string_view line, std::span<char> room)
{
    line = line.substr(0, room.size());
    std::ranges::replace_copy_if(
        line, room.begin(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
    std::string_view text{room.data(), line.size()};
    for (std::size_t at = 0; (at = text.find('\xc2', at)) != text.npos; ++at) { // UTF-8 of 0x80 to 0xbf
        if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0)
            room[at] = room[at + 1] = '?';
    }
    return text;
}

} // namespace

void start_report::write(std::string_view line) const
{
    write_line(STDERR_FILENO, line);
    char text[1024];
    if (caller_stderr >= 0)
        write_line(caller_stderr, make_harmless(line, text));
    settle();
}

void start_report::settle(bool settled) const
{
    if (progress)
        progress->settled = settled;
}

void start_report::finish()
{
    settle();
    if (caller_stderr >= 0)
        close(caller_stderr);
    forget();
}

void start_report::forget()
{
    if (progress)
        munmap(progress, sizeof(start_progress));
    *this = {};
}

} // namespace emilua
