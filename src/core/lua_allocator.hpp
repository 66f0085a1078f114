// Where the Lua objects of a VM live.
//
// Small blocks, which are nearly all, come from one region of address space by size class: neither a lock nor
// a search, and no header. Freed ones are kept for the next of their class. When the region is full, and for
// large blocks, malloc takes over, so what a VM keeps for nothing has a bound.
#pragma once

#include <array>
#include <cstddef>

namespace emilua {

class lua_allocator {
public:
    lua_allocator();
    ~lua_allocator();
    lua_allocator(const lua_allocator&) = delete;
    lua_allocator& operator=(const lua_allocator&) = delete;

    // As lua_Alloc wants it: new_size 0 frees; null when memory is exhausted.
    void* resize(void* p, std::size_t old_size, std::size_t new_size);

private:
    struct free_block {
        free_block* next;
    };
    static constexpr std::size_t granularity = 16;
    static constexpr std::size_t max_small = 512;

    static std::size_t class_of(std::size_t size) { return (size + granularity - 1) / granularity; }
    bool owns(void* p) const { return p >= begin_ && p < end_; }
    void* allocate(std::size_t size);
    void free(void* p, std::size_t size);

    std::byte* begin_ = nullptr;
    std::byte* next_ = nullptr; // never handed out from here on
    std::byte* end_ = nullptr;
    std::array<free_block*, max_small / granularity + 1> free_{};
};

} // namespace emilua
