// Why the kernel refused a process, in words that help.
#pragma once

#include <cstdint>
#include <string>

namespace emilua {

// What to change so that a process in these namespaces (CLONE_NEW*) can be made, after errno `error`.
std::string explain_refusal(int error, std::uint64_t namespaces);

} // namespace emilua
