// The grammar of module names and where relative ones lead (01 §3.2, §3.4). Pure text, no file is looked at.
#pragma once

#include <string>
#include <string_view>

namespace emilua {

enum class module_kind { relative, root, package };

struct module_name {
    module_kind kind;
    int parents = 0;  // number of "../" of a relative name
    std::string rest; // NAME, or NAME/NAME... of a root name
};

// False if `id` is not a module name.
bool parse_module_name(std::string_view id, module_name& name);

// Text before the last slash; "/" for a file in the root directory.
std::string directory_of(std::string_view file);
std::string join(std::string_view directory, std::string_view name);

} // namespace emilua
