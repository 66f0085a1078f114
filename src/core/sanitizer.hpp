// Fiber-switch annotations, empty unless built with AddressSanitizer or ThreadSanitizer.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define EMILUA_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define EMILUA_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__)
#define EMILUA_TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define EMILUA_TSAN 0
#endif

namespace emilua::sanitizer {

inline constexpr bool enabled = EMILUA_ASAN || EMILUA_TSAN;

// What the sanitizers remember about one execution stack.
struct stack_state {
    const void* bottom = nullptr;
    std::size_t size = 0;
    void* fake_stack = nullptr;
    void* tsan_fiber = nullptr;
};

inline void create(stack_state& s, const void* bottom, std::size_t size)
{
    s.bottom = bottom;
    s.size = size;
#if EMILUA_TSAN
    s.tsan_fiber = __tsan_create_fiber(0);
#endif
}

inline void destroy([[maybe_unused]] stack_state& s)
{
#if EMILUA_TSAN
    if (s.tsan_fiber)
        __tsan_destroy_fiber(s.tsan_fiber);
#endif
#if EMILUA_ASAN
    // A forced unwind leaves poisoned redzones behind on the stack that is used again.
    __asan_unpoison_memory_region(s.bottom, s.size);
#endif
}

// The stack that the thread brought along (the scheduler's).
inline void adopt_current_thread(stack_state& s)
{
#if EMILUA_TSAN
    s.tsan_fiber = __tsan_get_current_fiber();
#endif
    s.bottom = nullptr;
    s.size = 0;
}

// Boost.Context visits the new stack for a moment while it makes a context.
class during_creation {
public:
    [[gnu::always_inline]] explicit during_creation([[maybe_unused]] stack_state& s)
    {
#if EMILUA_TSAN
        creator_ = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(s.tsan_fiber, 0);
#endif
    }
    [[gnu::always_inline]] ~during_creation()
    {
#if EMILUA_TSAN
        __tsan_switch_to_fiber(creator_, 0);
#endif
    }
    during_creation(const during_creation&) = delete;
    during_creation& operator=(const during_creation&) = delete;

private:
    [[maybe_unused]] void* creator_ = nullptr;
};

// Called on the old stack just before the switch. `from_dies`: it is never resumed. Inlined, because
// ThreadSanitizer counts entries and exits of functions, those of each fiber apart.
[[gnu::always_inline]] inline void before_switch([[maybe_unused]] stack_state& from,
                                                 [[maybe_unused]] stack_state& to,
                                                 [[maybe_unused]] bool from_dies)
{
#if EMILUA_ASAN
    __sanitizer_start_switch_fiber(from_dies ? nullptr : &from.fake_stack, to.bottom, to.size);
#endif
#if EMILUA_TSAN
    // A dying fiber still returns from functions; these exits are not the new one's.
    if (!from_dies)
        __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
}

// Called first on the new stack. `from`: null if it died; it learns its bounds if it did not know them.
[[gnu::always_inline]] inline void after_switch([[maybe_unused]] stack_state& self,
                                                [[maybe_unused]] stack_state* from)
{
#if EMILUA_TSAN
    if (!from)
        __tsan_switch_to_fiber(self.tsan_fiber, 0);
#endif
#if EMILUA_ASAN
    const void* bottom;
    std::size_t size;
    __sanitizer_finish_switch_fiber(self.fake_stack, &bottom, &size);
    if (from && !from->bottom) {
        from->bottom = bottom;
        from->size = size;
    }
#endif
}

} // namespace emilua::sanitizer
