// The state of the process that a program starts with (01 §1.5).
#pragma once

namespace emilua::cli {

// Opens those of 0-2 that are closed. To be called first.
void fill_standard_descriptors();
// Overwrites the process' copies of command line, but for the program's name, and environment.
void forget_start(char** arguments);
// Sets up signals, stdout and stderr of a program.
void prepare_process();

} // namespace emilua::cli
