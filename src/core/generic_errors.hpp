// The POSIX errors that have a portable name (01 §4.6).
#pragma once

#include <span>

namespace emilua {

struct named_error {
    const char* name;
    int code;
};

std::span<const named_error> generic_errors() noexcept;

} // namespace emilua
