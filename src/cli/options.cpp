#include "cli/options.hpp"

#include "emilua/version.hpp"

#include <boost/version.hpp>
#include <cstdio>
#include <cstdlib>
#include <luajit.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace emilua::cli {

namespace {

constexpr std::string_view hint_option = "--main-context-concurrency-hint";

bool parse_hint(std::string_view value, options& result, std::string& error)
{
    if (value != "1" && value != "safe") {
        error =
            "value `" + std::string{value} + "` not supported for option `" + std::string{hint_option} + "`";
        return false;
    }
    result.single = value == "1";
    return true;
}

} // namespace

std::optional<options> parse(std::span<char* const> arguments, std::string& error)
{
    options result;
    std::size_t i = 0;
    for (; i != arguments.size(); ++i) {
        std::string_view a = arguments[i];
        if (a.empty()) {
            error = "bad option: ``";
            return {};
        }
        if (a[0] != '-')
            break;
        if (a == "-") {
            error = "stdin not supported as input file";
            return {};
        }
        if (a == "--") // never introduces the file
            break;
        if (a == "--help" || a.starts_with("-h")) {
            result.what = options::action::help;
            return result;
        }
        if (a == "--version") {
            result.what = options::action::version;
            return result;
        }
        if (a == "--test") {
            result.test = true;
        } else if (a == hint_option) {
            if (++i == arguments.size()) {
                error = "missing value for option `" + std::string{hint_option} + "`";
                return {};
            }
            if (!parse_hint(arguments[i], result, error))
                return {};
        } else if (a.starts_with(hint_option) && a[hint_option.size()] == '=') {
            if (!parse_hint(a.substr(hint_option.size() + 1), result, error))
                return {};
        } else {
            error = (a.starts_with("--") ? "bad long option: " : "bad short option: ") + std::string{a};
            return {};
        }
    }
    if (i == arguments.size() || std::string_view{arguments[i]} == "--") {
        error = "missing filename";
        return {};
    }
    result.file = arguments[i++];
    if (i != arguments.size() && std::string_view{arguments[i]} == "--")
        ++i;
    result.program_arguments.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
    return result;
}

void print_help(const char* program)
{
    std::printf("Emilua: Execution engine for luaJIT\n"
                "Usage: %s [OPTIONS] [file]\n"
                "\n"
                "  -h, --help     Print this text and exit\n"
                "  --version      Print versions and exit\n"
                "  --test         Run the script with _CONTEXT == \"test\"\n"
                "  --main-context-concurrency-hint HINT\n"
                "                 `safe` (default), or `1`: the main context never gets a second thread\n"
                "  --             End of options\n"
                "  file           Lua source or bytecode, or a directory with an init.lua; what follows\n"
                "                 it belongs to the program\n",
                program);
}

void print_version()
{
    std::printf("Emilua %s\n%s\nBoost %d.%d.%d\n", EMILUA_VERSION, LUAJIT_VERSION, BOOST_VERSION / 100000,
                BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
}

std::string entry_file(const std::string& typed)
{
    std::string file = typed;
    if (!file.starts_with('/')) {
        char* cwd = getcwd(nullptr, 0);
        file = std::string{cwd ? cwd : ""} + "/" + file;
        std::free(cwd);
    }
    struct stat st;
    if (stat(file.c_str(), &st) == 0 && S_ISDIR(st.st_mode))
        file += file.ends_with('/') ? "init.lua" : "/init.lua";
    return file;
}

} // namespace emilua::cli
