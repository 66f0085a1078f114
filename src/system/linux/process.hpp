// Child processes by pidfd: a pid may be somebody else's by the time it is used, a pidfd cannot.
//
// Plain functions over the kernel; they know no VM.
#pragma once

namespace emilua {

// How a process ended.
struct process_end {
    int exit_code; // 128 + signal if a signal killed it
    int signal;    // 0: none did
};

// Signal 0 only checks. Returns 0 or the errno.
int signal_process(int pidfd, int signo);

// Waits for the end of a child and reaps it. Returns 0 or the errno: ECHILD if the kernel has thrown the
// status away because SIGCHLD is ignored; EAGAIN, with a non-blocking pidfd, if it is not ours yet. That may
// be so although the pidfd is readable: a tracer gets the end first.
int reap_process(int pidfd, process_end& end);

} // namespace emilua
