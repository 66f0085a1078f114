// The state of the process that a program starts with (01 §1.5).
#pragma once

namespace emilua::cli {

// Opens those of 0-2 that are closed. To be called first.
void fill_standard_descriptors();
void set_signals();

} // namespace emilua::cli
