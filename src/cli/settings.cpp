#include "cli/settings.hpp"

#include "emilua_config.h"

#include <charconv>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <locale>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

#if EMILUA_COLORS_FROM_TERMINFO
#include <curses.h>
#include <term.h>
#endif

namespace emilua::cli {

namespace {

bool terminal_has_colors()
{
#if EMILUA_COLORS_FROM_TERMINFO
    if (!isatty(STDERR_FILENO))
        return false;
    int error;
    if (setupterm(nullptr, STDERR_FILENO, &error) != OK)
        return false;
    bool has = tigetnum("colors") > 0;
    del_curterm(cur_term);
    return has;
#else
    return false;
#endif
}

} // namespace

int log_level()
{
    int level = 4;
    const char* variable = std::getenv("EMILUA_LOG_LEVELS");
    if (!variable)
        return level;
    std::string_view first = variable;
    first = first.substr(0, first.find(','));
    int n;
    auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), n);
    if (error == std::errc{} && end == first.data() + first.size())
        level = n;
    return level;
}

bool use_colors()
{
    const char* variable = std::getenv("EMILUA_COLORS");
    std::string_view value = variable ? variable : "";
    if (value == "1" || value == "0")
        return value == "1";
    if (!value.empty())
        std::fputs("<4>Ignoring unrecognized value for EMILUA_COLORS\n", stderr);
    return terminal_has_colors();
}

int dump_signal()
{
    static constexpr struct {
        std::string_view name;
        int number;
    } signals[] = {{"", 0}, {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
    const char* variable = std::getenv("EMILUA_DUMP_SIGNAL");
    for (auto& s : signals) {
        if (s.name == (variable ? variable : ""))
            return s.number;
    }
    std::fputs("<4>Ignoring unrecognized value for EMILUA_DUMP_SIGNAL\n", stderr);
    return 0;
}

void set_locale()
{
    try {
        std::locale::global(std::locale{""});
    } catch (const std::runtime_error& e) {
        std::fprintf(stderr, "<4>Failed to set the native locale: `%s`\n", e.what());
    }
    std::setlocale(LC_NUMERIC, "C");
}

} // namespace emilua::cli
