#include "sandbox/child_process.hpp"

#include "core/class.hpp"
#include "sandbox/fork_server.hpp"
#include "system/linux/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <vector>

namespace emilua {

namespace {

// Address: key of the registry for the children of the VM.
const char children_key = 0;

class children {
public:
    // The new child is watched.
    void add(const std::shared_ptr<child_process>& child)
    {
        if (all_.size() >= prune_at_) {
            std::erase_if(all_, [](auto& c) { return !c->watched(); });
            prune_at_ = std::max(all_.size() * 2, std::size_t{16});
        }
        all_.push_back(child);
        child->watch();
    }

    void end()
    {
        for (auto& child : all_)
            child->send(SIGKILL);
        auto deadline = child_process::deadline();
        for (auto& child : all_) {
            child->await_kill(deadline);
            child->detach();
        }
        all_.clear();
    }

private:
    std::vector<std::shared_ptr<child_process>> all_;
    std::size_t prune_at_ = 0;
};

children& children_of(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&children_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        class_<children>{L, "children"};
        lua_pushlightuserdata(L, const_cast<char*>(&children_key));
        auto& made = push<children>(L);
        lua_rawset(L, LUA_REGISTRYINDEX);
        lua_pop(L, 1);
        // Before the VM's channels are closed: a child shall be killed, not find itself without senders.
        vm& v = vm::of(L);
        v.on_close = [&made, earlier = std::move(v.on_close)] {
            made.end();
            earlier();
        };
        return children_of(L);
    }
    auto& result = *static_cast<children*>(lua_touserdata(L, -1));
    lua_pop(L, 1);
    return result;
}

} // namespace

child_process::child_process(boost::asio::io_context& io, fork_server& server, pid_t pid, int pidfd,
                             bool is_init)
    : server_{server}
    , pid_{pid}
    , is_init_{is_init}
    , descriptor_{io.get_executor(), pidfd}
{
}

void child_process::watch()
{
    descriptor_.async_wait(descriptor_.wait_read, [self = shared_from_this()](const error_code& ec) {
        if (!ec)
            self->detach();
    });
}

bool child_process::watched() const
{
    std::lock_guard lock{mutex_};
    return descriptor_.is_open();
}

error_code child_process::kill(int signo)
{
    error_code ec = send(signo);
    if (signo == SIGKILL)
        await_kill(deadline());
    return ec;
}

error_code child_process::send(int signo)
{
    std::lock_guard lock{mutex_};
    int error = ESRCH;
    if (descriptor_.is_open()) {
        int pidfd = descriptor_.native_handle();
        error = signal_process(pidfd, signo);
        if (error == EPERM)
            error = server_.signal(pidfd, signo);
    }
    return {error, boost::system::system_category()};
}

void child_process::detach()
{
    std::lock_guard lock{mutex_};
    error_code ignored;
    descriptor_.close(ignored);
}

child_process::clock::time_point child_process::deadline()
{
    return clock::now() + std::chrono::milliseconds{100};
}

// A signal waits for a process before it can look at its channel, but only the init of a namespace gets it;
// the actor below is killed when init has noticed.
void child_process::await_kill(clock::time_point deadline)
{
    std::lock_guard lock{mutex_};
    if (!is_init_ || !descriptor_.is_open())
        return;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    pollfd ended{descriptor_.native_handle(), POLLIN, 0};
    ::poll(&ended, 1, std::max(static_cast<int>(left), 0));
}

void prepare_supervision(lua_State* L)
{
    children_of(L);
}

std::shared_ptr<supervised_process> supervise(lua_State* L, fork_server& server, pid_t pid,
                                              file_descriptor& pidfd, bool is_init)
{
    auto child = std::make_shared<child_process>(vm::of(L).io(), server, pid, pidfd.value, is_init);
    pidfd.release(); // the child has it
    children_of(L).add(child);
    return child;
}

} // namespace emilua
