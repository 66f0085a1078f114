// The executor of a VM: what it runs has the VM to itself, like a strand.
#pragma once

#include "core/vm.hpp"

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/execution.hpp>
#include <memory>
#include <new>
#include <utility>

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
            vm_->post(posted<F>::make(std::move(f)));
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
    // In the memory that the handler provides: that of its operation, which has ended, is free again.
    template <class F>
    struct posted : task {
        using allocator = typename std::allocator_traits<
            boost::asio::associated_allocator_t<F>>::template rebind_alloc<posted>;

        static posted& make(F&& f)
        {
            allocator a{boost::asio::get_associated_allocator(f)};
            return *new (a.allocate(1)) posted{std::move(f)};
        }
        explicit posted(F&& f)
            : f{std::move(f)}
        {
            run = &posted::call;
        }
        static void call(task& self, vm&)
        {
            auto& p = static_cast<posted&>(self);
            allocator a{boost::asio::get_associated_allocator(p.f)};
            F f{std::move(p.f)};
            p.~posted();
            a.deallocate(&p, 1);
            f();
        }
        F f;
    };

    vm* vm_;
    bool never_blocks_ = false;
};

} // namespace emilua
