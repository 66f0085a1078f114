#include "sandbox/script_arena.hpp"

#include "sandbox/script_call.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <strings.h>
#include <sys/mman.h>

namespace emilua::init_script {

namespace {

constexpr std::size_t rounded(std::size_t n)
{
    constexpr std::size_t alignment = alignof(std::max_align_t);
    return (n + alignment - 1) / alignment * alignment;
}

} // namespace

script_arena::script_arena()
{
    void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        die("/alloc", errno);
    madvise(p, size, MADV_DONTDUMP); // secrets stay out of core dumps
    begin_ = blocks_end_ = dirty_end_ = static_cast<std::byte*>(p);
    buffers_begin_ = dirty_begin_ = begin_ + size;
    last_block_ = nullptr;
}

script_arena::~script_arena()
{
    explicit_bzero(begin_, dirty_end_ - begin_);
    explicit_bzero(dirty_begin_, begin_ + size - dirty_begin_);
    munmap(begin_, size);
}

void* script_arena::allocate(void* arena, void* block, std::size_t old_size, std::size_t new_size)
{
    auto& self = *static_cast<script_arena*>(arena);
    bool is_last = block && block == self.last_block_;
    if (new_size <= old_size && !is_last)
        return new_size ? block : nullptr;

    std::byte* place = is_last ? self.last_block_ : self.blocks_end_;
    if (new_size > static_cast<std::size_t>(self.buffers_begin_ - place) ||
        rounded(new_size) > static_cast<std::size_t>(self.buffers_begin_ - place))
        die("/alloc", ENOMEM);
    self.blocks_end_ = place + rounded(new_size);
    self.dirty_end_ = std::max(self.dirty_end_, self.blocks_end_);
    self.last_block_ = new_size ? place : nullptr;
    if (block && !is_last)
        std::memcpy(place, block, old_size);
    return self.last_block_;
}

std::byte* script_arena::take_buffer(std::size_t n)
{
    auto room = static_cast<std::size_t>(buffers_begin_ - blocks_end_);
    if (n > room || rounded(n) > room)
        die("/alloc", ENOMEM);
    buffers_begin_ -= rounded(n);
    dirty_begin_ = std::min(dirty_begin_, buffers_begin_);
    return buffers_begin_;
}

void script_arena::return_buffer(std::size_t n)
{
    buffers_begin_ += rounded(n);
}

} // namespace emilua::init_script
