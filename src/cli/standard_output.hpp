// stdout and stderr of the C library, made fit for descriptors in non-blocking mode.
#pragma once

namespace emilua::cli {

// Whoever shares a terminal or pipe with us may have set O_NONBLOCK, and glibc drops its buffer when a write
// fails with EAGAIN. The new streams wait instead. Buffered as usual: stdout by lines on a terminal and by
// blocks elsewhere, stderr not at all.
void replace_standard_output();

} // namespace emilua::cli
