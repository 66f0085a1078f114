#include "sandbox/ipc_channel.hpp"

#include "core/arguments.hpp"
#include "core/class.hpp"
#include "io/operation_queue.hpp"
#include "sandbox/ipc_outgoing.hpp"
#include "sandbox/ipc_socket.hpp"

#include <csignal>
#include <utility>

namespace emilua {

namespace {

struct channel {
    ipc_socket socket;
    operation_queue senders;
    std::shared_ptr<supervised_process> child; // null: not our own, closed, killed or detached

    void close()
    {
        child.reset();
        socket.close();
        senders.abort();
    }
};

channel& check_open(lua_State* L)
{
    auto& self = check<channel>(L, 1);
    if (!self.socket.is_open())
        raise(L, core_errc::channel_closed);
    return self;
}

int send(lua_State* L)
{
    lua_settop(L, 2);
    auto& self = check_open(L);
    check_suspend(L);
    check_interruption(L);
    outgoing_ipc_message m;
    m.encode(L, 2);
    perform(
        L, self.senders,
        [&](auto token) {
            self.socket.in_reactor(vm::of(L).io())
                .async_wait(ipc_socket::waiter::wait_write, std::move(token));
        },
        [&] { return m.send(self.socket.native_handle()); });
    return 0;
}

int close(lua_State* L)
{
    check<channel>(L, 1).close();
    return 0;
}

int detach(lua_State* L)
{
    auto& self = check<channel>(L, 1);
    if (!self.child)
        raise_invalid_argument(L, 1);
    self.child->detach();
    self.child.reset();
    return 0;
}

int kill(lua_State* L)
{
    auto& self = check_open(L);
    if (!self.child)
        raise(L, errc::operation_not_permitted);
    int signo = SIGKILL;
    if (!lua_isnoneornil(L, 2)) {
        if (lua_type(L, 2) != LUA_TNUMBER)
            raise_invalid_argument(L, 2);
        signo = to_int(lua_tointeger(L, 2));
    }
    error_code ec = self.child->kill(signo);
    if (signo == SIGKILL && ec == errc::no_such_process)
        ec.clear();
    if (ec)
        raise(L, ec);
    if (signo == SIGKILL)
        self.close();
    return 0;
}

int child_pid(lua_State* L)
{
    auto& self = check<channel>(L, 1);
    if (!self.child)
        raise(L, errc::invalid_argument);
    lua_pushinteger(L, self.child->pid());
    return 1;
}

} // namespace

void push_ipc_channel(lua_State* L, int socket, std::shared_ptr<supervised_process> child)
{
    file_descriptor owner;
    owner.value = socket;
    define_once<channel>(L, [L] {
        class_<channel>{L, "ipc_actor_channel"}
            .method("send", fn<send>)
            .method("close", fn<close>)
            .method("detach", fn<detach>)
            .method("kill", fn<kill>)
            .property("child_pid", fn<child_pid>)
            .metamethod("__newindex", raise_read_only);
    });
    auto& self = push<channel>(L);
    self.socket.assign(owner);
    self.child = std::move(child);
}

} // namespace emilua
