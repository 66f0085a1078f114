// The program `emilua`: reads the command line, runs the main VM.
#include "cli/options.hpp"
#include "cli/report.hpp"
#include "cli/settings.hpp"
#include "core/context.hpp"
#include "core/runtime.hpp"
#include "core/stack_guard.hpp"
#include "emilua_config.h"
#include "lang/module_name.hpp"
#include "lang/program.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace emilua;

// A standard stream that was closed by the parent becomes one whose use gives EBADF as before, so that no
// descriptor of the runtime or the program gets its number and what is printed.
void fill_standard_descriptors()
{
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

// Every signal is unblocked; SIGPIPE is ignored, so that a broken pipe is an error and not a death. Other
// dispositions are what exec left: default, or ignored if the parent wanted that (nohup).
void set_signals()
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    stack_guard::install();
}

std::vector<std::pair<std::string, std::string>> read_environment()
{
    std::vector<std::pair<std::string, std::string>> result;
    for (char** e = environ; *e; ++e) {
        const char* equals = std::strchr(*e, '=');
        if (equals)
            result.emplace_back(std::string(*e, static_cast<std::size_t>(equals - *e)), equals + 1);
    }
    return result;
}

// The script's absolute path; FILE/init.lua for a directory.
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

} // namespace

int main(int argc, char* argv[])
{
    fill_standard_descriptors();
    set_signals();
    std::string error;
    auto options = cli::parse({argv + 1, argv + (argc ? argc : 1)}, error);
    if (!options) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 2;
    }
    if (options->what == cli::options::action::help) {
        cli::print_help(argv[0]);
        return 0;
    }
    if (options->what == cli::options::action::version) {
        cli::print_version();
        return 0;
    }
    cli::set_locale();
    cli::stderr_reporter reporter{cli::log_level(), cli::use_colors()};

    runtime rt{reporter};
    rt.arguments = {argv[0], options->file};
    rt.arguments.insert(rt.arguments.end(), options->program_arguments.begin(),
                        options->program_arguments.end());
    rt.environment = read_environment();
    rt.package_directories = cli::package_directories();
    rt.fiber_stack_size = EMILUA_FIBER_STACK_SIZE;
    rt.main_stack_size = EMILUA_MAIN_FIBER_STACK_SIZE;

    auto main_context = std::make_shared<context>(options->single);
    std::string file = entry_file(options->file);
    try {
        start_program(
            rt, main_context,
            {.file = file, .import_root = directory_of(file), .context = options->test ? "test" : "main"},
            [&](vm& v) {
                v.is_main_vm = true;
                rt.set_master(&v);
            });
    } catch (const std::exception& e) {
        std::fprintf(stderr, "Error starting the lua VM: %s\n", e.what());
        return 1;
    }
    rt.run(*main_context);
    return rt.exit_status();
}
