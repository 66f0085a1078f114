#include "lang/module_name.hpp"

namespace emilua {

namespace {

bool is_name(std::string_view s)
{
    auto letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (s.empty() || !letter(s[0]))
        return false;
    for (char c : s) {
        if (!letter(c) && !(c >= '0' && c <= '9'))
            return false;
    }
    return true;
}

bool is_name_path(std::string_view s)
{
    for (;;) {
        auto slash = s.find('/');
        if (!is_name(s.substr(0, slash)))
            return false;
        if (slash == s.npos)
            return true;
        s.remove_prefix(slash + 1);
    }
}

} // namespace

bool parse_module_name(std::string_view id, module_name& name)
{
    if (id.starts_with('/')) {
        name = {module_kind::root, 0, std::string{id.substr(1)}};
        return is_name_path(name.rest);
    }
    bool relative = id.starts_with("./");
    if (relative)
        id.remove_prefix(2);
    int parents = 0;
    while (id.starts_with("../")) {
        id.remove_prefix(3);
        ++parents;
    }
    name = {relative || parents > 0 ? module_kind::relative : module_kind::package, parents, std::string{id}};
    return is_name(id);
}

std::string directory_of(std::string_view file)
{
    auto slash = file.rfind('/');
    return std::string{slash == 0 ? "/" : file.substr(0, slash)};
}

std::string join(std::string_view directory, std::string_view name)
{
    std::string path{directory};
    if (!path.ends_with('/'))
        path += '/';
    path += name;
    return path;
}

} // namespace emilua
