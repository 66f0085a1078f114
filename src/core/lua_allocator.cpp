#include "core/lua_allocator.hpp"

#include "core/sanitizer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE // Linux 5.14; older headers lack it
#define MADV_POPULATE_WRITE 23
#endif

namespace emilua {

namespace {

constexpr std::size_t region_size = 4 << 20;
// Less than any VM uses. Asked for at once: page faults, one by one, take longer than filling these pages.
constexpr std::size_t least_used = 32 << 10;

} // namespace

lua_allocator::lua_allocator()
{
    // The sanitizers watch what malloc gives.
    if (sanitizer::enabled)
        return;
    void* p = mmap(nullptr, region_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    if (p == MAP_FAILED)
        return; // then it is all malloc's
    // EINVAL: a kernel before 5.14 lacks it.
    madvise(p, least_used, MADV_POPULATE_WRITE);
    begin_ = next_ = static_cast<std::byte*>(p);
    end_ = begin_ + region_size;
}

lua_allocator::~lua_allocator()
{
    if (begin_)
        munmap(begin_, region_size);
}

void* lua_allocator::allocate(std::size_t size)
{
    if (size <= max_small) {
        std::size_t c = class_of(size);
        if (free_block* b = free_[c]) {
            free_[c] = b->next;
            return b;
        }
        if (static_cast<std::size_t>(end_ - next_) >= max_small) {
            void* p = next_;
            next_ += c * granularity;
            return p;
        }
    }
    return std::malloc(size);
}

void lua_allocator::free(void* p, std::size_t size)
{
    if (!owns(p)) {
        std::free(p);
        return;
    }
    auto* b = static_cast<free_block*>(p);
    b->next = free_[class_of(size)];
    free_[class_of(size)] = b;
}

void* lua_allocator::resize(void* p, std::size_t old_size, std::size_t new_size)
{
    if (new_size == 0) {
        if (p)
            free(p, old_size);
        return nullptr;
    }
    if (!p)
        return allocate(new_size);
    if (!owns(p))
        return std::realloc(p, new_size);
    if (class_of(old_size) == class_of(new_size))
        return p;
    void* moved = allocate(new_size);
    if (moved) {
        std::memcpy(moved, p, std::min(old_size, new_size));
        free(p, old_size);
    }
    return moved;
}

} // namespace emilua
