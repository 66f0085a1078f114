// system.signal (07 §6).
//
// Cancellation story: a fiber that waits is in the list of its set. Who takes it out, a signal or a
// cancellation, decides; no notification is lost.
#include "core/arguments.hpp"
#include "core/class.hpp"
#include "core/runtime.hpp"
#include "system/signal_source.hpp"
#include "system/system.hpp"

#include <csignal>

namespace emilua {

namespace {

struct signal_set : signal_notifications {};

constexpr struct {
    const char* name;
    int number;
} constants[] = {
    {"SIGABRT", SIGABRT}, {"SIGALRM", SIGALRM},     {"SIGBUS", SIGBUS},     {"SIGCHLD", SIGCHLD},
    {"SIGCONT", SIGCONT}, {"SIGFPE", SIGFPE},       {"SIGHUP", SIGHUP},     {"SIGILL", SIGILL},
    {"SIGINT", SIGINT},   {"SIGIO", SIGIO},         {"SIGKILL", SIGKILL},   {"SIGPIPE", SIGPIPE},
    {"SIGPROF", SIGPROF}, {"SIGQUIT", SIGQUIT},     {"SIGSEGV", SIGSEGV},   {"SIGSTOP", SIGSTOP},
    {"SIGSYS", SIGSYS},   {"SIGTERM", SIGTERM},     {"SIGTRAP", SIGTRAP},   {"SIGTSTP", SIGTSTP},
    {"SIGTTIN", SIGTTIN}, {"SIGTTOU", SIGTTOU},     {"SIGURG", SIGURG},     {"SIGUSR1", SIGUSR1},
    {"SIGUSR2", SIGUSR2}, {"SIGVTALRM", SIGVTALRM}, {"SIGWINCH", SIGWINCH}, {"SIGXCPU", SIGXCPU},
    {"SIGXFSZ", SIGXFSZ},
};

// A number, strictly.
int check_member(lua_State* L, int index)
{
    if (lua_type(L, index) != LUA_TNUMBER)
        raise_invalid_argument(L, index);
    return to_int(lua_tointeger(L, index));
}

void check_result(lua_State* L, error_code ec)
{
    if (ec)
        raise(L, ec);
}

int raise_signal(lua_State* L)
{
    int signo = check_int(L, 1);
    vm& v = vm::of(L);
    if (v.rt().master() == &v) {
        if (int result = std::raise(signo))
            raise(L, make_error_code(core_errc::raise_error), {{"ret", result}});
        return 0;
    }
    // Only the master may end or stop the process.
    switch (signo) {
    case SIGCONT:
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH: std::raise(signo); return 0;
    case SIGKILL:
    case SIGSTOP: raise(L, errc::operation_not_permitted);
    default: check_result(L, signal_source::instance().raise_unless_default(signo)); return 0;
    }
}

int set_disposition(lua_State* L, void (*disposition)(int))
{
    int signo = check_int(L, 1);
    check_master(L);
    check_result(L, signal_source::instance().set_disposition(signo, disposition));
    return 0;
}

int ignore(lua_State* L)
{
    return set_disposition(L, SIG_IGN);
}

int set_default(lua_State* L)
{
    return set_disposition(L, SIG_DFL);
}

int make_set(lua_State* L)
{
    check_master(L);
    int count = lua_gettop(L);
    auto& self = push<signal_set>(L);
    for (int i = 1; i <= count; ++i) {
        bool is_number = lua_type(L, i) == LUA_TNUMBER;
        error_code ec =
            is_number ? self.add(to_int(lua_tointeger(L, i))) : errc::make_error_code(errc::invalid_argument);
        if (ec) {
            self.clear();
            raise(L, ec, {{"arg", i}});
        }
    }
    return 1;
}

int add(lua_State* L)
{
    check_master(L);
    auto& self = check<signal_set>(L, 1);
    check_result(L, self.add(check_member(L, 2)));
    return 0;
}

int remove(lua_State* L)
{
    auto& self = check<signal_set>(L, 1);
    check_result(L, self.remove(check_member(L, 2)));
    return 0;
}

int clear(lua_State* L)
{
    check<signal_set>(L, 1).clear();
    return 0;
}

int cancel(lua_State* L)
{
    check<signal_set>(L, 1).cancel();
    return 0;
}

int wait(lua_State* L)
{
    auto& self = check<signal_set>(L, 1);
    signal_set::waiter w{vm::of(L)};
    int signo = await<int>(L, [&](auto token) {
        token.get_cancellation_slot().assign([&](boost::asio::cancellation_type) { self.cancel(w); });
        w.handler.emplace(std::move(token));
        self.wait(w);
    });
    lua_pushinteger(L, signo);
    return 1;
}

} // namespace

void push_signal(lua_State* L)
{
    class_<signal_set>{L, "system.signal.set"}
        .method("add", fn<add>)
        .method("remove", fn<remove>)
        .method("clear", fn<clear>)
        .method("cancel", fn<cancel>)
        .method("wait", fn<wait>);
    lua_newtable(L);
    for (auto& c : constants) {
        lua_pushinteger(L, c.number);
        lua_setfield(L, -2, c.name);
    }
    set_functions(L, {{"raise", fn<raise_signal>}, {"ignore", fn<ignore>}, {"default", fn<set_default>}});
    lua_newtable(L);
    set_functions(L, {{"new", fn<make_set>}});
    lua_setfield(L, -2, "set");
}

} // namespace emilua
