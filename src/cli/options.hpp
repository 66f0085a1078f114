// The command line of the program `emilua` (01 §1.1).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace emilua::cli {

struct options {
    enum class action { run, help, version };

    action what = action::run;
    bool test = false;   // --test: _CONTEXT is "test"
    bool single = false; // --main-context-concurrency-hint=1
    std::string file;    // as typed
    std::vector<std::string> program_arguments;
};

// Handles `arguments` (without argv[0]) from left to right. On a usage error the result is empty and `error`
// the line to print.
std::optional<options> parse(std::span<char* const> arguments, std::string& error);

void print_help(const char* program);
void print_version();

// The script's absolute path; FILE/init.lua for a directory.
std::string entry_file(const std::string& typed);

} // namespace emilua::cli
