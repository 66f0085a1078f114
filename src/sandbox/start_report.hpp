// Why an actor process never gets to run its program: said on its stderr and, if that is another one, on its
// creator's, which it keeps until its program runs. What it cannot say itself, because it was killed, its
// fork server says.
#pragma once

#include <atomic>
#include <string_view>

namespace emilua {

// Shared by an actor process and the fork server that made it, until the program runs.
struct start_progress {
    std::atomic<bool> settled; // the program runs, or something was said
};

// How the start of this process is followed. One a process; unset where no actor starts.
struct start_report {
    int caller_stderr = -1;             // -1: it is ours
    start_progress* progress = nullptr; // null: nobody asks
    bool debug = false;                 // say where the script failed, too

    // Writes one line.
    void write(std::string_view line) const;
    // What happens next is no failure to start: another program replaces this process. Or not, after all.
    void settle(bool settled = true) const;
    // The program runs: there is nothing to follow any more.
    void finish();
    // This is another process than the one that starts, a fork of it.
    void forget();
};

extern start_report this_start;

} // namespace emilua
