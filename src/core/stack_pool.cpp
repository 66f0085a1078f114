#include "core/stack_pool.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL // Linux 6.13; older headers lack it
#define MADV_GUARD_INSTALL 102
#endif

namespace emilua {

namespace {

constexpr std::size_t first_slab_stacks = 16;
constexpr std::size_t last_slab_stacks = 1024;
// Stacks that are left with their pages: a server that handles one request after another never trims.
constexpr std::size_t hot_stacks = 64;

[[noreturn]] void throw_exhausted(int error, const char* call)
{
    std::string text = "cannot allocate a fiber stack: ";
    text += call;
    text += error == ENOMEM ? " (raise `ulimit -v`, vm.overcommit_memory or vm.max_map_count)" : "";
    throw std::system_error{error, std::generic_category(), text};
}

std::byte* map(std::size_t size)
{
    void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        throw_exhausted(errno, "mmap");
    // EINVAL: a kernel without transparent huge pages needs no advice.
    madvise(p, size, MADV_NOHUGEPAGE);
    return static_cast<std::byte*>(p);
}

void protect(std::byte* page)
{
    static std::atomic<bool> has_guard_install = true;
    if (has_guard_install) {
        if (madvise(page, page_size(), MADV_GUARD_INSTALL) == 0)
            return;
        if (errno != EINVAL)
            throw_exhausted(errno, "madvise(MADV_GUARD_INSTALL)");
        has_guard_install = false;
    }
    if (mprotect(page, page_size(), PROT_NONE) != 0)
        throw_exhausted(errno, "mprotect");
}

} // namespace

std::size_t page_size()
{
    static const std::size_t size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

stack map_stack(std::size_t size)
{
    std::byte* p = map(size);
    try {
        protect(p);
    } catch (const std::system_error&) {
        munmap(p, size);
        throw;
    }
    return {p + page_size(), p + size};
}

void unmap_stack(stack s) noexcept
{
    munmap(s.bottom - page_size(), s.size() + page_size());
}

stack_pool::stack_pool(std::size_t stack_size)
    : stack_size_{(stack_size + page_size() - 1) / page_size() * page_size()}
{
}

stack_pool::~stack_pool()
{
    for (auto& s : slabs_)
        munmap(s.begin, s.size);
}

void stack_pool::add_slab()
{
    std::size_t count =
        std::min(first_slab_stacks << std::min<std::size_t>(slabs_.size(), 10), last_slab_stacks);
    // Room for every stack of the slab, so that release() cannot fail.
    clean_.reserve(total_ + count);
    dirty_.reserve(total_ + count);
    slabs_.reserve(slabs_.size() + 1);
    std::size_t size = count * stack_size_;
    std::byte* p = map(size);
    slabs_.push_back({p, size});
    total_ += count;
    next_ = p;
    end_ = p + size;
}

void stack_pool::reserve()
{
    if (clean_.size() + dirty_.size() + warm_ == reserved_) {
        if (next_ == end_)
            add_slab();
        // Guards are made for stacks that are needed only: each one costs page-table memory.
        protect(next_);
        clean_.push_back({next_ + page_size(), next_ + stack_size_});
        next_ += stack_size_;
    }
    ++reserved_;
}

stack stack_pool::allocate() noexcept
{
    auto& from = dirty_.empty() ? clean_ : dirty_;
    stack s = from.back();
    from.pop_back();
    --reserved_;
    ++in_use_;
    return s;
}

void stack_pool::release(stack s) noexcept
{
    --in_use_;
    dirty_.push_back(s);
}

bool stack_pool::trim(std::size_t budget) noexcept
{
    if (dirty_.size() <= hot_stacks)
        return false;
    // The end of the vector is hot; what lies just below it goes, so that little has to move.
    auto last = dirty_.end() - hot_stacks;
    auto first = last - static_cast<std::ptrdiff_t>(std::min(budget, dirty_.size() - hot_stacks));
    for (auto s = first; s != last; ++s) {
        madvise(s->bottom, s->size(), MADV_DONTNEED);
        clean_.push_back(*s);
    }
    dirty_.erase(first, last);
    return dirty_.size() > hot_stacks;
}

} // namespace emilua
