#include "system/spawn_options.hpp"

#include "core/arguments.hpp"
#include "core/class.hpp"
#include "core/runtime.hpp"
#include "data/byte_span.hpp"
#include "filesystem/path.hpp"
#include "io/file_descriptor.hpp"
#include "system/linux/seccomp.hpp"

#include <algorithm>
#include <climits>
#include <csignal>
#include <sched.h>
#include <span>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace emilua {

namespace {

using descriptor = process_plan::descriptor;

constexpr const char* option_names[] = {
    "program",     "signal_on_gcreaper",
    "arguments",   "environment",
    "stdin",       "stdout",
    "stderr",      "extra_fds",
    "scheduler",   "start_new_session",
    "set_ctty",    "process_group",
    "foreground",  "ruid",
    "euid",        "rgid",
    "egid",        "extra_groups",
    "umask",       "set_no_new_privs",
    "pdeathsig",   "seccomp_set_mode_filter",
    "setns_user",  "landlock_restrict_self",
    "setns_mount", "working_directory",
    "setns_uts",   "setns_ipc",
    "setns_net",
};
// Of the table `scheduler`.
constexpr const char* scheduler_names[] = {"policy", "reset_on_fork", "priority"};

constexpr std::pair<std::string_view, int> policies[] = {
    {"other", SCHED_OTHER}, {"batch", SCHED_BATCH}, {"idle", SCHED_IDLE},
    {"fifo", SCHED_FIFO},   {"rr", SCHED_RR},
};

constexpr const char* standard_names[] = {"stdin", "stdout", "stderr"};

// --- Values. The functions look at the top of the stack and pop nothing.

// A string for the kernel, which ends at a null byte.
std::string kernel_text(lua_State* L, std::string_view text, const char* option)
{
    if (text.find('\0') != text.npos)
        raise_invalid_argument(L, option);
    return std::string{text};
}

std::string top_string(lua_State* L, const char* option)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        raise_invalid_argument(L, option);
    return kernel_text(L, text_at(L, -1), option);
}

// A number, strictly; what follows the point is cut off.
std::int64_t top_integer(lua_State* L, const char* option, std::int64_t min = INT_MIN,
                         std::int64_t max = INT_MAX)
{
    if (lua_type(L, -1) != LUA_TNUMBER)
        raise_invalid_argument(L, option);
    lua_Number n = lua_tonumber(L, -1);
    if (!(n > static_cast<lua_Number>(min) - 1 && n < static_cast<lua_Number>(max) + 1))
        raise_invalid_argument(L, option);
    return static_cast<std::int64_t>(n);
}

int top_descriptor(lua_State* L, const char* option)
{
    return check_file_descriptor(L, -1, option).value;
}

void require_table(lua_State* L, const char* option)
{
    if (!lua_istable(L, -1))
        raise_invalid_argument(L, option);
}

// --- The reader

class reader {
public:
    reader(lua_State* L, int snapshot)
        : L_{L}
        , snapshot_{snapshot}
    {
    }

    // In the order in which bad options are reported.
    spawn_options read()
    {
        read_program();
        result_.signal_on_gcreaper = static_cast<int>(integer("signal_on_gcreaper").value_or(SIGTERM));
        read_arguments();
        read_environment();
        for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            read_standard_descriptor(fd);
        read_extra_descriptors();
        read_scheduler();
        plan().new_session = boolean("start_new_session");
        read_terminals();
        plan().user = {id("ruid"), id("euid")};
        plan().group = {id("rgid"), id("egid")};
        read_groups();
        plan().no_new_privileges = boolean("set_no_new_privs");
        read_seccomp_filter();
        plan().landlock_ruleset = optional_descriptor("landlock_restrict_self");
        plan().umask = integer<mode_t>("umask");
        read_working_directory();
        plan().parent_death_signal = integer("pdeathsig");
        auto& n = plan().namespaces;
        n.user = optional_descriptor("setns_user");
        n.mount = optional_descriptor("setns_mount");
        n.uts = optional_descriptor("setns_uts");
        n.ipc = optional_descriptor("setns_ipc");
        n.net = optional_descriptor("setns_net");
        return std::move(result_);
    }

private:
    process_plan& plan() { return result_.plan; }

    // Calls `read` with the option on top of the stack unless it is nil.
    template <class F>
    bool with(const char* option, F read)
    {
        lua_getfield(L_, snapshot_, option);
        bool given = !lua_isnil(L_, -1);
        if (given)
            read();
        lua_pop(L_, 1);
        return given;
    }

    bool boolean(const char* option)
    {
        bool value = false;
        with(option, [&] {
            if (!lua_isboolean(L_, -1))
                raise_invalid_argument(L_, option);
            value = lua_toboolean(L_, -1);
        });
        return value;
    }

    template <class T = int>
    std::optional<T> integer(const char* option)
    {
        std::optional<T> value;
        with(option, [&] { value = static_cast<T>(top_integer(L_, option)); });
        return value;
    }

    int optional_descriptor(const char* option)
    {
        int fd = -1;
        with(option, [&] { fd = top_descriptor(L_, option); });
        return fd;
    }

    // A user or group id; -1, which stands for "keep", becomes what it is to the kernel.
    std::uint32_t id(const char* option)
    {
        std::uint32_t value = UINT32_MAX;
        with(option,
             [&] { value = static_cast<std::uint32_t>(top_integer(L_, option, -1, UINT32_MAX - 1)); });
        return value;
    }

    void read_program()
    {
        bool given = with("program", [&] {
            if (auto* p = test<path>(L_, -1)) {
                plan().program_files = {kernel_text(L_, p->value.native(), "program")};
            } else if (lua_type(L_, -1) == LUA_TSTRING) {
                plan().program_files = candidates(top_string(L_, "program"));
                plan().runs_scripts = true;
            } else {
                plan().program_fd = top_descriptor(L_, "program");
            }
        });
        if (!given)
            raise_invalid_argument(L_, "program");
    }

    // The files that a name may stand for, as execvp(3) looks for them.
    std::vector<std::string> candidates(const std::string& name)
    {
        if (name.empty() || name.find('/') != name.npos)
            return {name};
        auto& environment = vm::of(L_).rt().environment;
        auto variable = std::ranges::find(environment, "PATH", [](auto& entry) { return entry.first; });
        std::string_view rest = "/bin:/usr/bin";
        if (variable != environment.end())
            rest = variable->second;
        std::vector<std::string> files;
        for (;;) {
            auto directory = rest.substr(0, rest.find(':'));
            files.push_back(directory.empty() ? name : std::string{directory} + "/" + name);
            if (directory.size() == rest.size())
                return files;
            rest.remove_prefix(directory.size() + 1);
        }
    }

    void read_arguments()
    {
        with("arguments", [&] {
            require_table(L_, "arguments");
            for_each_item(L_, -1, [&] { plan().arguments.push_back(top_string(L_, "arguments")); });
        });
    }

    void read_environment()
    {
        with("environment", [&] {
            require_table(L_, "environment");
            lua_pushnil(L_);
            while (lua_next(L_, -2)) {
                std::string value = top_string(L_, "environment");
                lua_pop(L_, 1);
                plan().environment.push_back(top_string(L_, "environment") + "=" + value);
            }
        });
    }

    void read_standard_descriptor(int target)
    {
        const char* option = standard_names[target];
        descriptor& d = plan().descriptors[target];
        bool given = with(option, [&] {
            bool share = text_at(L_, -1) == "share";
            d = {descriptor::given, share ? target : top_descriptor(L_, option)};
            shared_[target] = share;
        });
        if (!given)
            d.what = descriptor::broken_pipe;
    }

    void read_extra_descriptors()
    {
        with("extra_fds", [&] {
            require_table(L_, "extra_fds");
            for (int target = STDERR_FILENO + 1; target != process_plan::max_descriptors; ++target) {
                lua_rawgeti(L_, -1, target);
                if (!lua_isnil(L_, -1))
                    plan().descriptors[target] = {descriptor::given, top_descriptor(L_, "extra_fds")};
                lua_pop(L_, 1);
            }
        });
    }

    void read_scheduler()
    {
        with("scheduler", [&] {
            require_table(L_, "scheduler");
            std::optional<int> policy, priority;
            std::optional<bool> reset;
            lua_getfield(L_, -1, "policy");
            if (!lua_isnil(L_, -1))
                policy = top_policy();
            lua_getfield(L_, -2, "reset_on_fork");
            if (!lua_isnil(L_, -1)) {
                if (!policy || !lua_isboolean(L_, -1))
                    raise_invalid_argument(L_, "scheduler.reset_on_fork");
                reset = lua_toboolean(L_, -1);
            }
            lua_getfield(L_, -3, "priority");
            if (!lua_isnil(L_, -1))
                priority = static_cast<int>(top_integer(L_, "scheduler.priority"));
            lua_pop(L_, 3);
            if (policy && !in_range(*policy, priority))
                raise_invalid_argument(L_, "scheduler.priority");
            plan().scheduler_policy = policy;
            plan().scheduler_priority = priority;
            if (reset.value_or(false))
                *plan().scheduler_policy |= SCHED_RESET_ON_FORK;
        });
    }

    int top_policy()
    {
        if (auto* policy = find_choice(text_at(L_, -1), policies))
            return *policy;
        raise_invalid_argument(L_, "scheduler.policy");
    }

    // Only real-time policies know priorities, and need one; of the others the range is 0 to 0.
    static bool in_range(int policy, std::optional<int> priority)
    {
        bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;
        if (!priority)
            return !real_time;
        return *priority >= sched_get_priority_min(policy) && *priority <= sched_get_priority_max(policy);
    }

    void read_terminals()
    {
        bool takes_terminal = with("set_ctty", [&] {
            plan().controlling_terminal = top_descriptor(L_, "set_ctty");
            if (!plan().new_session)
                raise_invalid_argument(L_, "set_ctty");
        });
        plan().process_group = integer("process_group");
        bool in_foreground = with("foreground", [&] {
            plan().foreground_terminal = top_terminal();
            if (!plan().process_group)
                raise_invalid_argument(L_, "foreground");
        });
        if (takes_terminal && in_foreground)
            raise_invalid_argument(L_, "set_ctty/foreground");
    }

    // The value of `foreground`: a descriptor, or the name of one that is shared.
    int top_terminal()
    {
        if (lua_type(L_, -1) != LUA_TSTRING)
            return top_descriptor(L_, "foreground");
        for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            if (shared_[fd] && text_at(L_, -1) == standard_names[fd])
                return fd;
        }
        raise_invalid_argument(L_, "foreground");
    }

    void read_groups()
    {
        with("extra_groups", [&] {
            auto& groups = plan().groups.emplace();
            require_table(L_, "extra_groups");
            for_each_item(L_, -1, [&] {
                groups.push_back(static_cast<gid_t>(top_integer(L_, "extra_groups", 0, UINT32_MAX - 1)));
            });
        });
    }

    void read_seccomp_filter()
    {
        constexpr const char* option = "seccomp_set_mode_filter";
        with(option, [&] {
            auto* program = test<byte_span>(L_, -1);
            if (!program)
                raise_invalid_argument(L_, option);
            auto bytes = std::as_bytes(program->bytes());
            if (!seccomp::is_program(bytes))
                raise_invalid_argument(L_, option);
            plan().seccomp_filter.assign(bytes.begin(), bytes.end());
        });
    }

    void read_working_directory()
    {
        constexpr const char* option = "working_directory";
        with(option, [&] {
            if (auto* p = test<path>(L_, -1))
                plan().working_directory = kernel_text(L_, p->value.native(), option);
            else
                plan().working_directory_fd = top_descriptor(L_, option);
        });
    }

    lua_State* L_;
    int snapshot_;
    spawn_options result_{};
    std::array<bool, 3> shared_{}; // 0, 1, 2 are ours
};

} // namespace

void push_option_snapshot(lua_State* L, int index)
{
    push_members(L, index, option_names);
    replace_by_members(L, "scheduler", scheduler_names);
}

spawn_options read_spawn_options(lua_State* L, int index)
{
    return reader{L, index}.read();
}

} // namespace emilua
