#include "sandbox/actor_process.hpp"

#include "cli/report.hpp"
#include "cli/settings.hpp"
#include "cli/standard_output.hpp"
#include "core/context.hpp"
#include "core/runtime.hpp"
#include "emilua/embed.hpp"
#include "emilua_config.h"
#include "lang/module_name.hpp"
#include "lang/program.hpp"
#include "sandbox/actor_setup.hpp"
#include "sandbox/descriptor_stream.hpp"
#include "sandbox/fork_server.hpp"
#include "sandbox/init_script.hpp"
#include "sandbox/ipc_receiver.hpp"
#include "sandbox/linux/pid1.hpp"
#include "sandbox/start_report.hpp"
#include "sandbox/subprocess.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace emilua {

namespace {

[[noreturn]] void fail(const char* step, int error)
{
    this_start.write(fmt::format("<3>ipc_actor: {}: {}", step, std::strerror(error)));
    _exit(EXIT_FAILURE);
}

int checked(int result, const char* step)
{
    if (result < 0)
        fail(step, errno);
    return result;
}

// --- What the creator wants

// The only copy in this process of environment, module name and script.
struct instructions {
    actor_setup header;
    int inbox = -1;
    std::array<int, 3> stdio = {-1, -1, -1};
    int argument = -1;
    std::span<char> text;

    std::string_view environment() const { return {text.data(), header.environment_size}; }
    std::string_view module() const { return {text.data() + header.environment_size, header.module_size}; }
    std::span<char> script() const { return text.last(header.script_size); }

    static void wipe(std::span<char> part) { explicit_bzero(part.data(), part.size()); }
};

instructions receive_instructions(int setup)
{
    instructions result;
    std::array<int, actor_descriptor_limit> descriptors;
    int error = receive_all(setup, bytes_of(result.header), descriptors);
    if (!error && result.header.size() > 0) {
        void* memory =
            mmap(nullptr, result.header.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            fail("mmap", errno);
        result.text = {static_cast<char*>(memory), result.header.size()};
        error = receive_all(setup, std::as_writable_bytes(result.text));
    }
    if (error) { // the creator has changed its mind, or has ended
        this_start.settle();
        _exit(EXIT_FAILURE);
    }
    std::size_t next = 0;
    auto take = [&] {
        int fd = descriptors[next++];
        if (fd < 0) // there was no room, or a security module refused it
            fail("receiving descriptors", EMFILE);
        return fd;
    };
    result.inbox = take();
    for (std::size_t i = 0; i != 3; ++i) {
        if (result.header.stdio[i] == stdio_kind::given)
            result.stdio[i] = take();
    }
    if (result.header.has_argument)
        result.argument = take();
    return result;
}

// --- The process

void prepare_process(bool in_user_namespace)
{
    // Best effort: the kernel forgets it when credentials change, and our parent may have died before.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A program that gave up its credentials is not dumpable, and neither are its children: files like
    // /proc/self/uid_map would belong to root, who is somebody else in here.
    if (in_user_namespace)
        prctl(PR_SET_DUMPABLE, 1);
    umask(022);
    std::signal(SIGCHLD, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

// An end of a pipe that has no other end: reads see the end of the stream, writes a broken pipe.
int half_a_pipe(bool reading)
{
    int ends[2];
    checked(pipe2(ends, O_CLOEXEC), "pipe");
    close(ends[reading ? 1 : 0]);
    return ends[reading ? 0 : 1];
}

// Descriptors as the actor finds them: 0-2, its inbox, until its program runs the caller's stderr if that is
// another one, while the script runs its argument; nothing else.
constexpr int caller_stderr_descriptor = inbox_descriptor + 1;
constexpr int argument_descriptor = inbox_descriptor + 2;

void install_descriptors(instructions& work)
{
    // Out of the way first: what came may have any numbers, also those that it is to be moved to.
    auto move_up = [](int& fd) {
        if (fd >= 0)
            fd = checked(fcntl(fd, F_DUPFD_CLOEXEC, argument_descriptor + 1), "dup");
    };
    move_up(work.inbox);
    move_up(work.argument);
    for (int i = 0; i != 3; ++i) {
        auto index = static_cast<std::size_t>(i);
        if (work.header.stdio[index] == stdio_kind::shared)
            continue;
        move_up(work.stdio[index]);
        if (i == STDERR_FILENO) {
            checked(dup3(i, caller_stderr_descriptor, O_CLOEXEC), "dup3");
            this_start.caller_stderr = caller_stderr_descriptor;
        }
        bool given = work.header.stdio[index] == stdio_kind::given;
        checked(dup2(given ? work.stdio[index] : half_a_pipe(i == STDIN_FILENO), i), "dup2");
    }
    checked(dup3(work.inbox, inbox_descriptor, O_CLOEXEC), "dup3");
    if (work.argument >= 0)
        work.argument = checked(dup3(work.argument, argument_descriptor, O_CLOEXEC), "dup3");
    close_range(argument_descriptor + (work.argument >= 0), ~0u, 0);
    if (this_start.caller_stderr < 0)
        close(caller_stderr_descriptor);
}

void close_script_descriptors()
{
    close_range(caller_stderr_descriptor + (this_start.caller_stderr >= 0), ~0u, 0);
}

// --- The program

environment set_environment(std::string_view text)
{
    environment result;
    while (!text.empty()) {
        std::string name{text.data()};
        std::string value{text.data() + name.size() + 1};
        text.remove_prefix(name.size() + value.size() + 2);
        setenv(name.c_str(), value.c_str(), 1); // for the C library: locale, time zone
        result.emplace_back(std::move(name), std::move(value));
    }
    return result;
}

// The path of the entry module, made absolute as main() does it.
std::string entry_file(std::string_view module)
{
    if (module.empty() || module.find('\0') != module.npos) {
        error_code ec{ENOENT, boost::system::system_category()};
        throw start_error{ec, ec.message()};
    }
    if (module.starts_with('/'))
        return std::string{module};
    char* directory = getcwd(nullptr, 0);
    if (!directory) { // a script may have made it unreachable
        error_code ec{errno, boost::system::system_category()};
        throw start_error{ec, fmt::format("{}: {}", module, ec.message())};
    }
    std::string file = directory;
    std::free(directory);
    return file.append("/").append(module);
}

[[noreturn]] void fail_start(const char* reason)
{
    this_start.write(fmt::format("Error starting the lua VM: {}", reason));
    std::exit(EXIT_FAILURE);
}

int run_program(const instructions& work, fork_server* server)
{
    std::signal(SIGPIPE, SIG_IGN);
    cli::replace_standard_output();
    environment variables = set_environment(work.environment());
    cli::set_locale();
    cli::stderr_reporter reporter{cli::log_level(),
                                  std::getenv("EMILUA_COLORS") ? cli::use_colors() : work.header.colors};
    runtime rt{reporter};
    rt.arguments = {"", std::string{work.module()}};
    rt.environment = std::move(variables);
    rt.package_directories = environment_package_directories(); // sandboxes get what their creator names
    rt.fiber_stack_size = EMILUA_FIBER_STACK_SIZE;
    rt.main_stack_size = EMILUA_MAIN_FIBER_STACK_SIZE;
    install_subprocesses(rt, server, reporter.colors());

    auto main_context = std::make_shared<context>(work.header.single);
    try {
        std::string file = entry_file(work.module());
        auto actor = load_program(rt, main_context,
                                  {.file = file, .import_root = directory_of(file), .context = "worker"});
        attach_inbox(*actor, inbox_descriptor);
        rt.set_master(actor.get());
        if (server)
            server->await_start(); // an inbox that the program closes must be closed
        this_start.finish();
        start_program(std::move(actor));
    } catch (const std::bad_alloc&) {
        fail_start("not enough memory");
    } catch (const std::exception& e) {
        fail_start(e.what());
    }
    rt.run(*main_context);
    return rt.exit_status();
}

} // namespace

void run_actor_process(int setup, bool in_user_namespace)
{
    prepare_process(in_user_namespace);
    instructions work = receive_instructions(setup);
    install_descriptors(work);

    if (work.header.has_script) {
        auto script = work.script();
        this_start.debug = work.header.debug;
        run_init_script({script.data(), script.size()}, work.argument);
        instructions::wipe(script);
        close_script_descriptors();
    }

    auto forget = [&] { // in the processes beside this one
        instructions::wipe(work.text);
        this_start.forget();
    };
    if (getpid() == 1 && !fork_below_pid1(forget))
        fail("fork", errno);
    auto server = fork_server::start(forget);
    if (!server)
        fork_server::warn_of_failure();
    std::exit(run_program(work, server.get()));
}

} // namespace emilua
