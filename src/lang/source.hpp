// Source files of modules.
#pragma once

#include "emilua/error.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace emilua {

class runtime;

// The text of `file`, from the process-wide cache or read now and cached. `ec`: category system.
std::shared_ptr<const std::string> read_source(runtime& rt, const std::string& file, error_code& ec);

// Without byte order mark and shebang line; line numbers stay right.
std::string_view lua_part(std::string_view text);

// Category "lua": codes are the statuses of lua_load() and lua_pcall().
const error_category& lua_category() noexcept;

} // namespace emilua
