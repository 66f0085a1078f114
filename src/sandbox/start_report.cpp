#include "sandbox/start_report.hpp"

#include <string>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

namespace emilua {

start_report this_start;

void start_report::write(std::string_view line) const
{
    char newline = '\n';
    // In one piece: lines of several actors do not mix.
    const iovec parts[] = {{const_cast<char*>(line.data()), line.size()}, {&newline, 1}};
    for (int fd : {STDERR_FILENO, caller_stderr}) {
        if (fd >= 0) [[maybe_unused]]
            auto ignored = writev(fd, parts, 2); // nobody to tell
    }
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
