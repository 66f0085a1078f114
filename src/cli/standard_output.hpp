// stdout and stderr of the C library, made fit for descriptors in non-blocking mode.
#pragma once

#include <cstddef>
#include <string_view>

namespace emilua::cli {

// Writes all of it, also to a descriptor in non-blocking mode. Returns how much was written: less if that is
// not possible.
std::size_t write_all(int fd, std::string_view text);

// Whoever shares a terminal or pipe with us may have set O_NONBLOCK, and glibc drops its buffer when a write
// fails with EAGAIN. The new streams wait instead. Buffered as usual: stdout by lines on a terminal and by
// blocks elsewhere, stderr not at all.
void replace_standard_output();

} // namespace emilua::cli
