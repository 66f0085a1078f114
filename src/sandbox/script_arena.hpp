// The memory of an init script: one mapping that nothing leaves, and that is overwritten at the end.
#pragma once

#include <cstddef>
#include <span>

namespace emilua::init_script {

// Lua's blocks grow from the bottom and are not reclaimed (the last one is, so that a growing buffer costs no
// more than its size); buffers of a single call grow from the top. When they meet, the process ends.
class script_arena {
public:
    static constexpr std::size_t size = 8 << 20; // pages that are not touched cost nothing

    script_arena();
    ~script_arena();
    script_arena(const script_arena&) = delete;
    script_arena& operator=(const script_arena&) = delete;

    // A lua_Alloc; `arena` is a script_arena.
    static void* allocate(void* arena, void* block, std::size_t old_size, std::size_t new_size);

    std::byte* take_buffer(std::size_t n);
    void return_buffer(std::size_t n);

private:
    std::byte* begin_;
    std::byte* blocks_end_;    // of the blocks
    std::byte* dirty_end_;     // the highest it ever was
    std::byte* last_block_;    // or null
    std::byte* buffers_begin_; // buffers fill the rest
    std::byte* dirty_begin_;   // the lowest it ever was
};

// A buffer for the time of one call. Buffers go away in the reverse order of their making.
class script_buffer {
public:
    script_buffer(script_arena& arena, std::size_t n)
        : arena_{arena}
        , bytes_{arena.take_buffer(n), n}
    {
    }
    ~script_buffer() { arena_.return_buffer(bytes_.size()); }
    script_buffer(const script_buffer&) = delete;
    script_buffer& operator=(const script_buffer&) = delete;

    char* data() const { return reinterpret_cast<char*>(bytes_.data()); }
    std::size_t size() const { return bytes_.size(); }

private:
    script_arena& arena_;
    std::span<std::byte> bytes_;
};

} // namespace emilua::init_script
