// A fiber: a Lua thread that runs on a C stack of its own, so that it may stop anywhere.
#pragma once

#include "core/sanitizer.hpp"
#include "core/stack_pool.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/context/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <string>

namespace emilua {

class vm;
class fiber;
struct wait_place;

// The part of a fiber's state that hot Lua code reads and writes. The running fiber's is in the VM's control
// block, which lua/lang.lua sees through FFI: a C function there would end every trace of the JIT compiler.
struct control {
    std::int32_t interruption_due = 0;        // flagged, and interruption is not disabled
    std::int32_t depth = 1;                   // number of the innermost open scope; 1 is the root scope
    std::int32_t handlers_depth = 0;          // scope of the newest clean-up handler; 0: there is none
    std::int32_t coroutine_level = 0;         // user coroutines that the fiber is inside of
    const std::byte* c_stack_limit = nullptr; // below it a C function must not call Lua back
};

// What a fiber is parked on. Names are shown by diagnostics.
enum class wait_kind : std::uint8_t {
    none,
    yield,
    operation, // an Asio operation; it holds the VM open
    join,
    import,
    mutex,
    recursive_mutex,
    condition_variable,
    future,
    inbox,
    send,
};

struct wait_info {
    wait_kind kind = wait_kind::none;
    void* object = nullptr; // what it is about, as tostring() shows it
    // Takes the fiber off its wait list and unparks it. Null: the wait is not interruptible.
    void (*on_interrupt)(fiber&) = nullptr;
    wait_place* place = nullptr; // in a wait_list (src/sync/wait_list.hpp)
};

// Lua's handle: the payload of a userdata. It may outlive the fiber, and the fiber it.
struct fiber_handle {
    enum class state : std::uint8_t { running, finished, joined, detached };
    enum class outcome : std::uint8_t { returned, raised, interrupted };

    state status = state::running;
    outcome end = outcome::returned;
    fiber* target = nullptr;      // while running
    fiber* joiner = nullptr;      // the fiber suspended in join()
    lua_State* results = nullptr; // while finished: the thread with the results on its stack
    int results_ref = LUA_NOREF;
    std::unique_ptr<std::string> traceback; // null unless it failed

    fiber_handle() = default;
    ~fiber_handle();
    fiber_handle(const fiber_handle&) = delete;
    fiber_handle& operator=(const fiber_handle&) = delete;

    // Lets go of the fiber, or of its results; an error that nobody saw is reported.
    void detach();
    // Results have been taken, or nobody wants them.
    void release_results();
    bool joinable() const { return (status == state::running || status == state::finished) && !joiner; }
};

// A user coroutine that a fiber is inside of. On the C stack of whoever resumed it; innermost first.
struct coroutine_frame {
    lua_State* co;
    coroutine_frame* outer;
};

// Gets its C stack when it first runs: a fiber that was spawned and not run yet costs little, and one that
// ends without waiting runs on a stack that is still in the caches. A parked fiber costs a page of stack and
// a Lua thread.
class fiber {
public:
    enum class state : std::uint8_t { fresh, ready, running, parked };

    fiber(vm& owner, lua_State* thread, int thread_ref, std::uint64_t serial);
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;

    // The address that identifies the fiber to users: this_fiber.id, panics.
    const void* id() const;

    vm& owner;
    lua_State* const L;
    const int thread_ref;
    stack memory;               // while it has one
    const std::uint64_t serial; // never 0, never used again in this VM, unlike the address
    state status = state::fresh;
    bool is_main = false; // the VM's main fiber or one that evaluates a module
    bool on_pool_stack = true;
    bool interrupted = false; // sticky
    bool wait_interruptible = false;
    bool wait_interrupted = false;
    wait_info wait;
    std::int64_t parked_at = 0; // coarse_milliseconds(); only where the runtime dumps fibers
    std::int32_t interruption_disabled = 0;
    std::int32_t suspension_forbidden = 0;
    control saved;                          // while not running
    fiber_handle* handle = nullptr;         // null: detached, or collected
    coroutine_frame* coroutines = nullptr;  // innermost user coroutine
    fiber* locals_of = this;                // a module's fiber shares this_fiber.local_ with its importer
    int local_ref = LUA_NOREF;              // this_fiber.local_, made at first use
    int handlers_ref = LUA_NOREF;           // clean-up handlers outside user coroutines, made at first use
    std::unique_ptr<std::string> traceback; // of the error that ended it
    boost::asio::cancellation_signal cancel;

    // Scheduler's.
    boost::context::fiber context;
    sanitizer::stack_state sanitizer_state;
    fiber* next_ready = nullptr;
    fiber* previous = nullptr;
    fiber* next = nullptr;
};

} // namespace emilua
