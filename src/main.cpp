// The program `emilua`: reads the command line, runs the main VM.
#include "cli/dump_signal.hpp"
#include "cli/options.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "cli/settings.hpp"
#include "core/context.hpp"
#include "core/runtime.hpp"
#include "emilua/embed.hpp"
#include "emilua_config.h"
#include "lang/module_name.hpp"
#include "lang/program.hpp"
#include "sandbox/fork_server.hpp"
#include "sandbox/subprocess.hpp"

#include <cstdio>
#include <cstdlib>
#include <optional>

using namespace emilua;

int main(int argc, char* argv[])
{
    cli::fill_standard_descriptors();
    auto server = fork_server::start([&] { cli::forget_start(argv); });
    if (!server)
        fork_server::warn_of_failure();
    cli::prepare_process();
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
    int level = cli::log_level();
    cli::stderr_reporter reporter{level, cli::use_colors()};

    runtime rt{reporter};
    rt.arguments = {argv[0], options->file};
    rt.arguments.insert(rt.arguments.end(), options->program_arguments.begin(),
                        options->program_arguments.end());
    rt.environment = process_environment();
    rt.package_directories = default_package_directories();
    rt.fiber_stack_size = EMILUA_FIBER_STACK_SIZE;
    rt.main_stack_size = EMILUA_MAIN_FIBER_STACK_SIZE;

    install_subprocesses(rt, server.get(), reporter.colors());

    rt.dumps_at_end = level >= 7;
    std::optional<cli::dump_signal_thread> dump_thread;
    if (int signo = cli::dump_signal())
        dump_thread.emplace(rt, signo);
    rt.keeps_times = rt.dumps_at_end || dump_thread;

    auto main_context = std::make_shared<context>(options->single);
    std::string file = cli::entry_file(options->file);
    try {
        auto main_vm = load_program(
            rt, main_context,
            {.file = file, .import_root = directory_of(file), .context = options->test ? "test" : "main"});
        rt.set_master(main_vm.get());
        start_program(std::move(main_vm));
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "Error starting the lua VM: not enough memory\n");
        return 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "Error starting the lua VM: %s\n", e.what());
        return 1;
    }
    rt.run(*main_context);
    return rt.exit_status();
}
