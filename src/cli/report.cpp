#include "cli/report.hpp"

#include "cli/standard_output.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace emilua::cli {

namespace {

constexpr const char* red = "\033[31;1m";
constexpr const char* end_red = "\033[22;39m";
constexpr const char* underline = "\033[4m";
constexpr const char* end_underline = "\033[24m";
constexpr const char* dim = "\033[2m";
constexpr const char* end_dim = "\033[22m";

} // namespace

// One report at a time: blocks of several threads do not mix.
void stderr_reporter::write(std::string_view block)
{
    if (level_ < 3)
        return;
    std::lock_guard lock{mutex_};
    std::fflush(stdout); // what was printed before an error stands before it
    write_all(STDERR_FILENO, block);
}

void stderr_reporter::panic(const char* subject, const void* id, std::string_view message,
                            std::string_view traceback)
{
    write(fmt::format("{}{} {} panicked: '{}{}{}'{}\n{}{}{}\n", color(red), subject, id, color(underline),
                      message, color(end_underline), color(end_red), color(dim), traceback, color(end_dim)));
}

void stderr_reporter::fiber_panic(const void* id, std::string_view message, std::string_view traceback)
{
    panic("Fiber", id, message, traceback);
}

void stderr_reporter::main_panic(const void* id, std::string_view message, std::string_view traceback)
{
    panic("Main fiber from VM", id, message, traceback);
}

void stderr_reporter::cleanup_error(const void* id, const void* coroutine)
{
    write(fmt::format("{}VM {} forcibly closed due to error raised on cleanup handler from coroutine {}{}\n",
                      color(red), id, coroutine, color(end_red)));
}

void stderr_reporter::finalizer_error(const void* id, std::string_view message)
{
    write(fmt::format("{}Finalizer of VM {} failed: '{}{}{}'{}\n", color(red), id, color(underline), message,
                      color(end_underline), color(end_red)));
}

void stderr_reporter::out_of_memory(const void* id)
{
    write(fmt::format("{}VM {} forcibly closed due to '{}LUA_ERRMEM{}'{}\n", color(red), id, color(underline),
                      color(end_underline), color(end_red)));
}

void stderr_reporter::deadlock(const void* id, const std::vector<std::string>& items)
{
    std::string text = fmt::format("{}Possible deadlock(s) detected during VM {} shutdown{}:\n", color(red),
                                   id, color(end_red));
    for (auto& item : items)
        text += fmt::format("\t{}{}{}\n", color(dim), item, color(end_dim));
    write(text);
}

void stderr_reporter::fiber_dump(std::string_view text)
{
    write(text);
}

} // namespace emilua::cli
