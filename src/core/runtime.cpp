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
    std::lock_guard lock{mutex_};
    threads_.emplace_back([c = std::move(c)] {
        stack_guard::thread_stack alternate;
        c->io.run();
    });
}

void runtime::run(context& c)
{
    stack_guard::thread_stack alternate;
    c.io.run();
    wait();
}

void runtime::wait()
{
    for (;;) {
        std::thread t;
        {
            std::lock_guard lock{mutex_};
            if (threads_.empty())
                return;
            t = std::move(threads_.back());
            threads_.pop_back();
        }
        t.join();
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
