// A plugin for tests of messages between processes: both ends of a connection can be in one process.
#include "core/class.hpp"
#include "emilua/plugin.hpp"
#include "io/file_descriptor.hpp"
#include "sandbox/ipc_channel.hpp"
#include "sandbox/ipc_receiver.hpp"
#include "system/linux/process.hpp"

#include <csignal>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

using namespace emilua;

class process final : public supervised_process {
public:
    explicit process(pid_t pid)
        : pid_{pid}
    {
        pidfd_.value = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    }
    pid_t pid() const override { return pid_; }
    error_code kill(int signo) override
    {
        return {signal_process(pidfd_.value, signo), boost::system::system_category()};
    }
    void detach() override { detached = true; }

    static inline bool detached = false;

private:
    pid_t pid_;
    file_descriptor pidfd_;
};

// pair() -> sending, receiving
int pair(lua_State* L)
{
    auto& sending = push_file_descriptor(L);
    auto& receiving = push_file_descriptor(L);
    open_ipc_connection(sending, receiving);
    return 2;
}

// channel(fd) -> a channel as if it had come in a message
int channel(lua_State* L)
{
    push_ipc_channel(L, check_file_descriptor(L, 1).release(), nullptr);
    return 1;
}

// child(fd, script) -> a channel as from spawn_vm; the process is a shell
int child(lua_State* L)
{
    auto& fd = check_file_descriptor(L, 1);
    const char* argv[] = {"sh", "-c", luaL_checkstring(L, 2), nullptr};
    pid_t pid;
    if (int e = posix_spawn(&pid, "/bin/sh", nullptr, nullptr, const_cast<char**>(argv), environ))
        raise_errno(L, e);
    push_ipc_channel(L, fd.release(), std::make_unique<process>(pid));
    return 1;
}

int detached(lua_State* L)
{
    lua_pushboolean(L, process::detached);
    return 1;
}

// attach(fd): this VM receives from it
int attach(lua_State* L)
{
    attach_inbox(vm::of(L), check_file_descriptor(L, 1).release());
    return 0;
}

// Leaves nothing that was on the C stack before.
int dirty(lua_State* L)
{
    volatile unsigned char memory[32768];
    for (auto& byte : memory)
        byte = static_cast<unsigned char>(luaL_checkinteger(L, 1));
    return 0;
}

class ipc final : public plugin {
    void init_process() noexcept override { std::signal(SIGCHLD, SIG_IGN); }

    error_code init_module(lua_State* L) override
    {
        lua_newtable(L);
        set_functions(L, {{"pair", fn<pair>},
                          {"channel", fn<channel>},
                          {"child", fn<child>},
                          {"detached", fn<detached>},
                          {"attach", fn<attach>},
                          {"dirty", fn<dirty>}});
        return {};
    }
};

} // namespace

EMILUA_PLUGIN(ipc)
