// The runtime as a library: Lua programs inside an application (specification 01 §3.12).
//
//     emilua::application app{{.arguments = {argv, argv + argc}}};
//     app.put_source("/app/main.lua", "print 'hello'");
//     emilua::execution_context context;
//     emilua::program program{app, context, "main", "/app/main.lua"};
//     program.make_master();
//     program.start();
//     app.run(context);
//     return app.exit_status();
//
// Signals and the locale are the application's own affair. The program `emilua` ignores SIGPIPE, so that
// writing to a broken pipe is an error and not a death, and so should others.
#pragma once

#include "emilua/reporter.hpp"
#include "emilua/start_error.hpp"

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emilua {

using environment = std::vector<std::pair<std::string, std::string>>;

// The variables of this process.
environment process_environment();

// The entries of variable EMILUA_PATH, all absolute.
std::vector<std::string> environment_package_directories();

// These, and the installation's own directory.
std::vector<std::string> default_package_directories();

struct application_settings {
    std::vector<std::string> arguments = {};           // system.arguments
    emilua::environment environment = {};              // system.environment
    std::vector<std::string> package_directories = {}; // absolute paths, searched in this order
    // Bytes of C stack of a fiber, and of main fibers. 0: as the library was configured. At least 128 KiB and
    // 256 KiB, other sizes are rounded up to pages.
    std::size_t fiber_stack_size = 0;
    std::size_t main_fiber_stack_size = 0;
    // Gets the errors that nobody caught; must outlive the application. Null: they go to stderr, as
    // EMILUA_LOG_LEVELS and EMILUA_COLORS say.
    emilua::reporter* reporter = nullptr;
};

// An io_context that VMs run in. The application may use it for its own operations as well. Stopping it while
// VMs are in it is not supported: a VM that ends takes its operations back, and that needs it to run.
class execution_context {
public:
    // `single_threaded`: promises that one thread will run it; the program cannot add threads.
    explicit execution_context(bool single_threaded = false);
    ~execution_context();
    execution_context(const execution_context&) = delete;
    execution_context& operator=(const execution_context&) = delete;

    boost::asio::io_context& io();

private:
    friend class application;
    friend class program;
    struct implementation;
    std::unique_ptr<implementation> impl_;
};

// What the VMs of a program share: settings, sources of modules, threads, exit status.
class application {
public:
    explicit application(application_settings settings);
    // Waits for threads that the program has started. Its VMs must have ended.
    ~application();
    application(const application&) = delete;
    application& operator=(const application&) = delete;

    // The text of a module (Lua, bytecode or Turtle) by its absolute path. Sources put here win over files,
    // which need not exist; the first text put for a path stays. Any thread, any time.
    void put_source(std::string path, std::string text);

    // Runs `context` on the calling thread until it has no work left, then wait().
    void run(execution_context& context);
    // Waits for threads that the program has started with spawn_context_threads() and spawn_vm(). For
    // applications that run the io_context themselves.
    void wait();

    // 0, what system.exit() of the master VM gave, or 1 if a main VM's main fiber did not return. To be read
    // when all VMs have ended.
    int exit_status() const;

private:
    friend class program;
    struct implementation;
    std::unique_ptr<implementation> impl_;
};

// A VM that has loaded its entry module and not run yet.
class program {
public:
    // `kind` is the entry module's _CONTEXT: "main", "test" or "worker". `entry` is the absolute path of its
    // file. `import_root` is the directory above which relative names do not climb and where names like
    // /NAME start; by default the entry's own.
    //
    // Throws start_error: the file can't be read (category system) or compiled (category lua), `kind` is
    // another one (bad_root_context), a path is not absolute (EINVAL).
    program(application& app, execution_context& context, std::string_view kind, std::string entry,
            std::string import_root = {});
    ~program();
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    // Lets the VM change what belongs to the process: environment, working directory, signals, exit status.
    // One VM at a time is the master, the last one that was started as such.
    void make_master() noexcept { master_ = true; }

    // Schedules the VM; from now on it belongs to the application. Once only, later calls do nothing.
    void start();

private:
    struct implementation;
    std::unique_ptr<implementation> impl_;
    bool master_ = false;
};

} // namespace emilua
