// What plugin `hello` offers to other plugins.
#pragma once

#include <string>
#include <string_view>

namespace hello {

std::string greeting(std::string_view name);

} // namespace hello
