// The executor of a VM: what it runs has the VM to itself, like a strand.
#pragma once

#include "core/vm.hpp"

#include <boost/asio/execution.hpp>

namespace emilua {

class vm_executor {
public:
    explicit vm_executor(vm& v) noexcept
        : vm_{&v}
    {
    }

    // Runs `f` at once if the VM is free (and the blocking property allows), followed by the fibers that it
    // made ready; else posts it to the VM.
    template <class F>
    void execute(F f) const
    {
        if (!never_blocks_ && vm_->try_enter()) {
            f();
            vm_->run();
        } else {
            vm_->post(*new posted<F>{std::move(f)});
        }
    }

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept
    {
        return vm_->io();
    }
    vm_executor require(boost::asio::execution::blocking_t::never_t) const noexcept
    {
        vm_executor e = *this;
        e.never_blocks_ = true;
        return e;
    }
    vm_executor require(boost::asio::execution::blocking_t::possibly_t) const noexcept
    {
        return vm_executor{*vm_};
    }

    friend bool operator==(const vm_executor& a, const vm_executor& b) noexcept = default;

private:
    template <class F>
    struct posted : task {
        explicit posted(F&& f)
            : f{std::move(f)}
        {
            run = &posted::call;
        }
        static void call(task& self, vm&)
        {
            auto& p = static_cast<posted&>(self);
            F f{std::move(p.f)};
            delete &p;
            f();
        }
        F f;
    };

    vm* vm_;
    bool never_blocks_ = false;
};

} // namespace emilua
