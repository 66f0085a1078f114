// POSIX errors by name (01 §4.6).
#pragma once

#include <string_view>

namespace emilua {

// The errno of "EINVAL" and the like; 0 for any other text.
int errno_by_name(std::string_view name);

} // namespace emilua
