// Runs the `init.script` of a subprocess actor: the trusted part of a sandbox, before anything else in the
// child.
#pragma once

#include <string_view>

namespace emilua {

// For a freshly forked child: one thread, 0-2 are its stdio and 3 is its inbox. `arg_fd` is above 3 and
// close-on-exec; -1: none. Returns when the script has ended: all it touched is wiped, standard streams are
// flushed, SIGPIPE is ignored. A failure ends the process with a line on stderr (start_report) and status 1.
// The text itself and the descriptors that were opened are the caller's affair.
void run_init_script(std::string_view script, int arg_fd);

} // namespace emilua
