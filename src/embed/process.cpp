// What an application starts with by default.
#include "emilua/embed.hpp"
#include "emilua_config.h"
#include "lang/module_name.hpp"

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unistd.h>
#include <unordered_set>

namespace emilua {

environment process_environment()
{
    environment result;
    std::unordered_set<std::string_view> names; // as getenv(3), the first of duplicates counts
    for (char** e = environ; *e; ++e) {
        const char* equals = std::strchr(*e, '=');
        if (!equals)
            continue;
        std::string_view name{*e, static_cast<std::size_t>(equals - *e)};
        if (names.insert(name).second)
            result.emplace_back(name, equals + 1);
    }
    return result;
}

namespace {

template <class F>
void split(std::string_view text, char separator, F&& f)
{
    for (;;) {
        auto end = text.find(separator);
        f(text.substr(0, end));
        if (end == text.npos)
            return;
        text.remove_prefix(end + 1);
    }
}

} // namespace

std::vector<std::string> environment_package_directories()
{
    std::vector<std::string> result;
    if (const char* variable = std::getenv("EMILUA_PATH")) {
        char* cwd = getcwd(nullptr, 0);
        std::string base = cwd ? cwd : "";
        std::free(cwd);
        split(variable, ':', [&](std::string_view entry) {
            if (entry.empty())
                result.emplace_back(base);
            else if (entry.starts_with('/'))
                result.emplace_back(entry);
            else
                result.emplace_back(join(base, entry));
        });
    }
    return result;
}

std::vector<std::string> default_package_directories()
{
    auto result = environment_package_directories();
    result.emplace_back(EMILUA_PACKAGE_DIRECTORY);
    return result;
}

} // namespace emilua
