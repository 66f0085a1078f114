// seccomp(2) filters.
#pragma once

#include <cstddef>
#include <span>

namespace emilua::seccomp {

// True if it may be a program: an array of 8-byte instructions, any alignment, not empty.
bool is_program(std::span<const std::byte> program);

enum class scope { thread, all_threads };

// Installs a filter. Returns 0 or errno; ESRCH: there is a thread that cannot have it, nothing was installed.
int set_filter(std::span<const std::byte> program, scope s);

} // namespace emilua::seccomp
