// C stacks of fibers.
#pragma once

#include <cstddef>
#include <vector>

namespace emilua {

// A stack in [bottom, top); one guard page lies just below `bottom`.
struct stack {
    std::byte* bottom = nullptr;
    std::byte* top = nullptr;

    std::size_t size() const { return static_cast<std::size_t>(top - bottom); }
    explicit operator bool() const { return bottom != nullptr; }
};

std::size_t page_size();

// One stack in a mapping of its own: the larger stack of a main fiber.
// Throws std::system_error when the kernel refuses; what() names the limit to raise.
stack map_stack(std::size_t size);
void unmap_stack(stack s) noexcept;

// Stacks of equal size, cut from slabs. Not thread-safe: a VM has its own pool.
//
// A slab is one MAP_NORESERVE mapping without huge pages (they would make each stack cost 2 MiB). Guard pages
// are made with MADV_GUARD_INSTALL where the kernel has it (6.13): mprotect splits the mapping and
// vm.max_map_count then ends a process at about 32 000 fibers.
class stack_pool {
public:
    explicit stack_pool(std::size_t stack_size);
    ~stack_pool();
    stack_pool(const stack_pool&) = delete;
    stack_pool& operator=(const stack_pool&) = delete;

    // Makes sure that one more allocate() will succeed. Throws std::system_error; what() names the limit to
    // raise.
    void reserve();
    // Gives a reservation back.
    void unreserve() noexcept { --reserved_; }
    // Uses a reservation. The stack released last comes first: it is still in the processor's caches.
    stack allocate() noexcept;
    // Nothing may run on the stack any more.
    void release(stack s) noexcept;

    // The owner keeps an unused stack, with the context on it, and promises to use it before it allocates.
    void kept_warm() noexcept { --in_use_, ++warm_; }
    // It has used it, and a reservation.
    void used_warm() noexcept { --warm_, --reserved_, ++in_use_; }

    // Gives memory of released stacks back to the kernel, at most `budget` stacks a call. A few hot stacks
    // are left alone. Meant for moments when the VM has nothing else to do. True if something is left to
    // trim.
    bool trim(std::size_t budget) noexcept;

    std::size_t stack_size() const { return stack_size_; }
    std::size_t in_use() const { return in_use_; }

private:
    struct slab {
        std::byte* begin;
        std::size_t size;
    };

    void add_slab();

    std::size_t stack_size_;
    std::size_t in_use_ = 0;
    std::size_t reserved_ = 0;
    std::size_t warm_ = 0;
    std::size_t total_ = 0;
    std::vector<slab> slabs_;
    std::byte* next_ = nullptr; // first stack of the last slab that was never handed out
    std::byte* end_ = nullptr;
    std::vector<stack> clean_; // never used, or resident memory given back
    std::vector<stack> dirty_; // released since; used again first
};

} // namespace emilua
