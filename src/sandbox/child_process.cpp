#include "sandbox/child_process.hpp"

#include "core/class.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace emilua {

namespace {

// Address: key of the registry for the children of the VM.
const char children_key = 0;

struct children {
    std::vector<std::shared_ptr<child_process>> all;

    ~children()
    {
        for (auto& child : all) {
            child->kill(SIGKILL);
            child->detach();
        }
    }
};

children& children_of(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&children_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        class_<children>{L, "children"};
        lua_pushlightuserdata(L, const_cast<char*>(&children_key));
        push<children>(L);
        lua_rawset(L, LUA_REGISTRYINDEX);
        lua_pop(L, 1);
        return children_of(L);
    }
    auto& result = *static_cast<children*>(lua_touserdata(L, -1));
    lua_pop(L, 1);
    return result;
}

class supervised_child final : public supervised_process {
public:
    explicit supervised_child(std::shared_ptr<child_process> process)
        : process_{std::move(process)}
    {
    }
    pid_t pid() const override { return process_->pid(); }
    error_code kill(int signo) override { return process_->kill(signo); }
    void detach() override { process_->detach(); }

private:
    std::shared_ptr<child_process> process_;
};

} // namespace

child_process::child_process(boost::asio::io_context& io, pid_t pid, int pidfd)
    : pid_{pid}
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
    std::lock_guard lock{mutex_};
    int error = ESRCH;
    if (descriptor_.is_open())
        error =
            syscall(SYS_pidfd_send_signal, descriptor_.native_handle(), signo, nullptr, 0) == 0 ? 0 : errno;
    return {error, boost::system::system_category()};
}

void child_process::detach()
{
    std::lock_guard lock{mutex_};
    error_code ignored;
    descriptor_.close(ignored);
}

std::unique_ptr<supervised_process> supervise(lua_State* L, pid_t pid, file_descriptor& pidfd)
{
    auto& all = children_of(L).all;
    std::erase_if(all, [](auto& child) { return !child->watched(); });
    all.push_back(std::make_shared<child_process>(vm::of(L).io(), pid, pidfd.value));
    pidfd.release(); // the child has it
    all.back()->watch();
    return std::make_unique<supervised_child>(all.back());
}

} // namespace emilua
