#include "core/runtime.hpp"

#include "core/context.hpp"
#include "core/stack_guard.hpp"
#include "core/vm.hpp"

#include <algorithm>

namespace emilua {

void source_cache::put(std::string path, std::string text)
{
    std::lock_guard lock{mutex_};
    sources_.try_emplace(std::move(path), std::make_shared<const std::string>(std::move(text)));
}

std::shared_ptr<const std::string> source_cache::get(const std::string& path) const
{
    std::lock_guard lock{mutex_};
    auto it = sources_.find(path);
    return it == sources_.end() ? nullptr : it->second;
}

runtime::runtime(reporter& r)
    : report{r}
{
}

runtime::~runtime() = default;

void runtime::adopt(std::unique_ptr<vm> v)
{
    std::lock_guard lock{mutex_};
    vms_.push_back(std::move(v));
}

void runtime::closed(vm& v)
{
    vm* expected = &v;
    master_.compare_exchange_strong(expected, nullptr);
    std::unique_ptr<vm> last_owner;
    std::lock_guard lock{mutex_};
    auto it = std::find_if(vms_.begin(), vms_.end(), [&](auto& p) { return p.get() == &v; });
    last_owner = std::move(*it);
    vms_.erase(it);
}

void runtime::request_dumps()
{
    std::lock_guard lock{mutex_};
    for (auto& v : vms_)
        v->request_dump();
}

void runtime::add_thread(std::shared_ptr<context> c)
{
    std::list<std::thread> ended;
    {
        std::lock_guard lock{mutex_};
        std::list<std::thread> added(1);
        auto self = added.begin();
        *self = std::thread{[this, self, c = std::move(c)]() mutable {
            stack_guard::thread_stack alternate;
            c->io.run();
            c.reset();
            std::lock_guard lock{mutex_};
            ended_threads_.splice(ended_threads_.end(), threads_, self);
            thread_ended_.notify_one();
        }};
        threads_.splice(threads_.end(), added);
        ended.swap(ended_threads_); // last: who throws must not destroy them unjoined
    }
    for (auto& t : ended)
        t.join();
}

void runtime::run(context& c)
{
    stack_guard::thread_stack alternate;
    c.io.run();
    wait();
}

void runtime::wait()
{
    std::unique_lock lock{mutex_};
    for (;;) {
        thread_ended_.wait(lock, [&] { return threads_.empty() || !ended_threads_.empty(); });
        if (ended_threads_.empty())
            return;
        std::thread t = std::move(ended_threads_.front());
        ended_threads_.pop_front();
        lock.unlock();
        t.join();
        lock.lock();
    }
}

void runtime::exit(int status)
{
    std::lock_guard lock{mutex_};
    exit_status_ = status;
}

void runtime::main_failed()
{
    std::lock_guard lock{mutex_};
    main_failed_ = true;
}

int runtime::exit_status() const
{
    std::lock_guard lock{mutex_};
    return exit_status_.value_or(main_failed_ ? 1 : 0);
}

} // namespace emilua
