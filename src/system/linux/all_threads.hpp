// Runs a system call on every thread of the process: some attributes of what users see as a process belong to
// the thread (Landlock domain, capabilities, no_new_privs).
#pragma once

namespace emilua {

// Runs `f(data)` on every thread, all of them stopped: the calling one first and, if that gives 0, the
// others. `f` returns 0 or an errno and may do no more than system calls. Returns 0 or an errno with nothing
// changed: what `f` gave, ESRCH if a thread could not be stopped, or why the threads could not be listed
// (/proc). If a thread fails after the first has succeeded the process ends with status 1.
//
// One caller at a time.
int on_all_threads(int (*f)(void* data), void* data);

// Makes on_all_threads() possible for later, when the process may no longer be allowed to open /proc. Opens a
// descriptor for good at the first call.
void prepare_all_threads();

} // namespace emilua
