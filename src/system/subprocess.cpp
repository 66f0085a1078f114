// Cancellation story: the end of a child is an event that stays. An interrupted wait() has taken nothing, and
// the next one gets it.
#include "system/subprocess.hpp"

#include "core/arguments.hpp"
#include "core/await.hpp"
#include "core/class.hpp"
#include "system/capabilities.hpp"
#include "time/timer.hpp"

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <new>
#include <unistd.h>
#include <utility>

namespace emilua {

namespace {

using descriptor = subprocess::descriptor;

// A pidfd does not tell when a tracer has let a dead child go: we ask again.
constexpr std::chrono::milliseconds patience{10};

subprocess& self(lua_State* L)
{
    return check<subprocess>(L, 1);
}

// Self, raising ESRCH once the child was reaped.
subprocess& check_child(lua_State* L)
{
    subprocess& s = self(L);
    if (!s.pidfd.is_open())
        raise(L, errc::no_such_process);
    return s;
}

// Self, raising EINVAL until the status is known.
process_end check_end(lua_State* L)
{
    auto& end = self(L).end;
    if (!end)
        raise(L, errc::invalid_argument, {{"message", "wait() hasn't returned yet"}});
    return *end;
}

int get_pid(lua_State* L)
{
    subprocess& s = self(L);
    if (s.pidfd.is_open())
        lua_pushinteger(L, s.pid);
    else
        lua_pushnil(L);
    return 1;
}

int get_exit_code(lua_State* L)
{
    lua_pushinteger(L, check_end(L).exit_code);
    return 1;
}

int get_exit_signal(lua_State* L)
{
    int signo = check_end(L).signal;
    if (signo != 0)
        lua_pushinteger(L, signo);
    else
        lua_pushnil(L);
    return 1;
}

int kill(lua_State* L)
{
    luaL_checktype(L, 2, LUA_TNUMBER);
    int signo = to_int(lua_tointeger(L, 2));
    if (int error = signal_process(check_child(L).pidfd.native_handle(), signo))
        raise_errno(L, error);
    return 0;
}

int get_capabilities(lua_State* L)
{
    push_capabilities(L, cap_get_pid(check_child(L).pid));
    return 1;
}

int wait(lua_State* L)
{
    subprocess& s = self(L);
    if (s.waited_for)
        raise(L, errc::device_or_resource_busy);
    if (!s.pidfd.is_open())
        raise(L, errc::no_child_process);
    struct mark {
        explicit mark(bool& waited_for)
            : waited_for{waited_for}
        {
            waited_for = true;
        }
        ~mark() { waited_for = false; }
        bool& waited_for;
    } waiting{s.waited_for};
    await(L, [&](auto token) { s.pidfd.async_wait(descriptor::wait_read, std::move(token)); });
    process_end end;
    int error;
    while ((error = reap_process(s.pidfd.native_handle(), end)) == EAGAIN) {
        steady_timer retry{vm::of(L).io(), patience};
        await(L, [&](auto token) { retry.async_wait(std::move(token)); });
    }
    s.pidfd.close();
    if (error)
        raise_errno(L, error);
    s.end = end;
    return 0;
}

struct orphan {
    explicit orphan(descriptor&& pidfd)
        : pidfd{std::move(pidfd)}
    {
    }
    descriptor pidfd;
    steady_timer retry{pidfd.get_executor()};
};

void reap(const std::shared_ptr<orphan>& child)
{
    process_end ignored;
    if (reap_process(child->pidfd.native_handle(), ignored) != EAGAIN)
        return;
    child->retry.expires_after(patience);
    child->retry.async_wait([child](error_code) { reap(child); });
}

// The threads of the context live as long as it has something to wait for, so the process does too.
void reap_in_background(descriptor&& pidfd)
{
    auto child = std::make_shared<orphan>(std::move(pidfd));
    child->pidfd.async_wait(descriptor::wait_read, [child](error_code) { reap(child); });
}

} // namespace

void subprocess::start(pid_t child, int child_pidfd)
{
    error_code ec;
    pidfd.assign(child_pidfd, ec);
    if (ec) {
        process_end ignored;
        signal_process(child_pidfd, SIGKILL);
        reap_process(child_pidfd, ignored);
        close(child_pidfd);
        throw boost::system::system_error{ec};
    }
    pid = child;
}

subprocess::~subprocess()
{
    if (!pidfd.is_open())
        return;
    if (signal_on_gcreaper != 0)
        signal_process(pidfd.native_handle(), signal_on_gcreaper); // an invalid one is not delivered
    try {
        reap_in_background(std::move(pidfd));
    } catch (const std::bad_alloc&) { // then it is reaped by whoever gets the children of this process
    }
}

void register_subprocess(lua_State* L)
{
    class_<subprocess>{L, "subprocess"}
        .method("cap_get", fn<get_capabilities>)
        .method("kill", fn<kill>)
        .method("wait", fn<wait>)
        .property("pid", fn<get_pid>)
        .property("exit_code", fn<get_exit_code>)
        .property("exit_signal", fn<get_exit_signal>);
}

} // namespace emilua
