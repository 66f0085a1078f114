#include "sandbox/subprocess.hpp"

#include "core/arguments.hpp"
#include "core/class.hpp"
#include "core/runtime.hpp"
#include "io/file_descriptor.hpp"
#include "sandbox/actor_setup.hpp"
#include "sandbox/child_process.hpp"
#include "sandbox/descriptor_stream.hpp"
#include "sandbox/fork_server.hpp"
#include "sandbox/ipc_channel.hpp"
#include "sandbox/ipc_receiver.hpp"
#include "sandbox/linux/refusal.hpp"

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace emilua {

namespace {

// Implementation limits (03 §9).
constexpr std::size_t text_limit = 128 * 1024; // module and environment
constexpr std::size_t script_limit = 256 * 1024;

// The table `subprocess`, checked. What it points to stays on the Lua stack.
struct subprocess_options {
    std::uint64_t namespaces = 0;
    std::string environment; // name NUL value NUL ...
    std::array<stdio_kind, 3> stdio = {};
    std::array<int, actor_descriptor_limit> descriptors; // as actor_setup orders them; the first is the inbox
    std::size_t descriptor_count = 1;
    bool has_script = false;
    bool has_argument = false;
    std::string_view script;
};

// Pushes a member.
int get(lua_State* L, int table, const char* name)
{
    lua_getfield(L, table, name);
    return lua_type(L, -1);
}

void read_namespaces(lua_State* L, int table, subprocess_options& o)
{
    static constexpr struct {
        const char* name;
        const char* arg;
        std::uint64_t flag;
    } kinds[] = {
        {"newns_user", "subprocess/newns_user", CLONE_NEWUSER},
        {"newns_pid", "subprocess/newns_pid", CLONE_NEWPID},
        {"newns_mount", "subprocess/newns_mount", CLONE_NEWNS},
        {"newns_net", "subprocess/newns_net", CLONE_NEWNET},
        {"newns_uts", "subprocess/newns_uts", CLONE_NEWUTS},
        {"newns_ipc", "subprocess/newns_ipc", CLONE_NEWIPC},
    };
    for (auto& kind : kinds) {
        int type = get(L, table, kind.name);
        if (type != LUA_TBOOLEAN && type != LUA_TNIL)
            raise_invalid_argument(L, kind.arg);
        if (lua_toboolean(L, -1))
            o.namespaces |= kind.flag;
        lua_pop(L, 1);
    }
}

void read_environment(lua_State* L, int table, subprocess_options& o)
{
    constexpr const char* arg = "subprocess/environment";
    int type = get(L, table, "environment");
    if (type != LUA_TTABLE && type != LUA_TNIL)
        raise_invalid_argument(L, arg);
    if (type == LUA_TNIL)
        return lua_pop(L, 1);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        for (int index : {-2, -1}) {
            if (lua_type(L, index) != LUA_TSTRING || text_at(L, index).find('\0') != std::string_view::npos)
                raise_invalid_argument(L, arg);
            o.environment.append(text_at(L, index)).push_back('\0');
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

// The descriptor on top of the stack, which stays there.
void add_descriptor(lua_State* L, subprocess_options& o, std::string_view arg)
{
    o.descriptors[o.descriptor_count++] = check_file_descriptor(L, -1, arg).value;
}

void read_stdio(lua_State* L, int table, subprocess_options& o)
{
    static constexpr const char* names[][2] = {
        {"stdin", "subprocess/stdin"}, {"stdout", "subprocess/stdout"}, {"stderr", "subprocess/stderr"}};
    for (std::size_t i = 0; i != 3; ++i) {
        int type = get(L, table, names[i][0]);
        if (text_at(L, -1) == "share") {
            o.stdio[i] = stdio_kind::shared;
        } else if (type != LUA_TNIL) {
            add_descriptor(L, o, names[i][1]);
            o.stdio[i] = stdio_kind::given;
        }
    }
}

void read_init(lua_State* L, int table, subprocess_options& o)
{
    int type = get(L, table, "init");
    if (type == LUA_TNIL)
        return;
    if (type != LUA_TTABLE)
        raise_invalid_argument(L, "subprocess/init");
    int init = lua_gettop(L);
    if (get(L, init, "script") != LUA_TSTRING)
        raise_invalid_argument(L, "subprocess/init/script");
    o.has_script = true;
    o.script = text_at(L, -1);
    if (get(L, init, "arg") != LUA_TNIL) {
        add_descriptor(L, o, "subprocess/init/arg");
        o.has_argument = true;
    }
}

void open_stream(file_descriptor& ours, file_descriptor& theirs)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw boost::system::system_error{errno, boost::system::system_category()};
    ours.value = ends[0];
    theirs.value = ends[1];
}

// The kernel's error, with what to change.
[[noreturn]] void raise_refusal(lua_State* L, const error_code& ec, std::uint64_t namespaces)
{
    raise(L, ec, {{"message", explain_refusal(ec.value(), namespaces)}});
}

// Makes the process; errors of the kernel are raised here, because what is read from a `catch` must not park.
fork_server::process make_process(lua_State* L, fork_server& server, const subprocess_options& o, int setup)
{
    error_code failed;
    try {
        return server.spawn(o.namespaces, o.stdio[2] == stdio_kind::shared, setup);
    } catch (const boost::system::system_error& e) {
        failed = e.code();
    }
    raise_refusal(L, failed, o.namespaces);
}

// An actor that died before it read everything is like one that died a moment later: sending to it fails.
void instruct(lua_State* L, int setup, const subprocess_options& o, const actor_setup& header,
              std::string_view module)
{
    int error = send_all(setup, bytes_of(header), {o.descriptors.data(), o.descriptor_count});
    for (std::string_view text : {std::string_view{o.environment}, module, o.script}) {
        if (!error)
            error = send_all(setup, std::as_bytes(std::span{text}));
    }
    if (error && error != EPIPE)
        raise_errno(L, error);
}

// `options` of spawn_vm at 1, its member `subprocess` on top of the stack. Pushes the channel.
void spawn_subprocess(lua_State* L, fork_server& server, bool colors, std::string_view module, bool single)
{
    static constexpr const char* names[] = {"newns_user", "newns_pid", "newns_mount", "newns_net",
                                            "newns_uts",  "newns_ipc", "environment", "stdin",
                                            "stdout",     "stderr",    "init"};
    static constexpr const char* init_names[] = {"script", "arg"};
    push_members(L, lua_gettop(L), names);
    replace_by_members(L, "init", init_names);
    // Before the options are checked: from then on no finalizer may close a descriptor among them.
    prepare_supervision(L);
    int table = lua_gettop(L);
    subprocess_options o;
    read_namespaces(L, table, o);
    read_environment(L, table, o);
    read_stdio(L, table, o);
    read_init(L, table, o);
    if (module.size() + o.environment.size() > text_limit || o.script.size() > script_limit)
        raise(L, errc::message_size);

    file_descriptor sending, receiving, ours, theirs;
    open_ipc_connection(sending, receiving);
    open_stream(ours, theirs);
    o.descriptors[0] = receiving.value;
    auto process = make_process(L, server, o, theirs.value);
    file_descriptor pidfd;
    pidfd.value = process.pidfd;
    auto child = supervise(L, server, process.pid, pidfd, o.namespaces & CLONE_NEWPID);
    theirs.close();
    bool shared = o.stdio[2] == stdio_kind::shared;
    instruct(L, ours.value, o,
             {.environment_size = o.environment.size(),
              .module_size = module.size(),
              .script_size = o.script.size(),
              .stdio = o.stdio,
              .has_script = o.has_script,
              .has_argument = o.has_argument,
              .single = single,
              .colors = shared && colors,
              .debug = vm::of(L).rt().dumps_at_end},
             module);
    push_ipc_channel(L, sending.release(), std::move(child));
}

} // namespace

void install_subprocesses(runtime& rt, fork_server* server, bool colors)
{
    if (!server)
        return;
    rt.hold_subprocesses = [=] { return server->hold(); };
    rt.mirror = [=](const process_change& change) { return server->mirror(change); };
    rt.spawn_subprocess = [=](lua_State* L, std::string_view module, bool single) {
        spawn_subprocess(L, *server, colors, module, single);
    };
}

} // namespace emilua
