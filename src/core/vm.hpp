// A VM: one Lua state, its fibers and their scheduler. One actor.
//
// Everything in a VM is touched only while the VM is *entered*, by one thread at a time. try_enter() and
// post() are the only members another thread may use.
#pragma once

#include "core/fiber.hpp"
#include "core/lua_allocator.hpp"
#include "emilua/error.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <lua.hpp>
#include <memory>
#include <memory_resource>
#include <string>
#include <unwind.h>
#include <utility>
#include <vector>

namespace emilua {

class context;
class mailbox;
class runtime;

// A piece of work for a VM, intrusive: whoever posts it owns its memory until it runs.
struct task {
    void (*run)(task& self, vm& owner) = nullptr;
    task* next = nullptr;
};

// Why a VM closes. The first reason wins.
enum class ending : std::uint8_t {
    none,
    finished,      // nothing left to run or to wait for
    exit,          // system.exit()
    main_panic,    // an error escaped the main fiber
    cleanup_error, // an error escaped a clean-up handler
    out_of_memory,
};

class vm {
public:
    // Makes the Lua state, empty but for the allocator. Throws std::bad_alloc.
    vm(runtime& rt, std::shared_ptr<context> ctx);
    ~vm();
    vm(const vm&) = delete;
    vm& operator=(const vm&) = delete;

    static vm& of(lua_State* L)
    {
        void* self;
        lua_getallocf(L, &self);
        return *static_cast<vm*>(self);
    }

    runtime& rt() { return rt_; }
    context& ctx() { return *ctx_; }
    const std::shared_ptr<context>& shared_ctx() { return ctx_; }
    boost::asio::io_context& io();
    lua_State* state() { return L_; }

    // --- Fibers

    // Makes a fiber of the function on top of `from`'s stack (popped). It has the thread environment of
    // `from` and is ready after all fibers that are ready now. Raises a string error if memory is exhausted.
    fiber& spawn(lua_State* from);
    // The same for the VM's main fiber and for those that evaluate modules: larger stack, is_main.
    fiber& spawn_main(lua_State* from);

    // The running fiber; null in the scheduler and in finalizers that lua_close() runs.
    fiber* current() { return current_; }
    fiber* main_fiber() { return main_fiber_; }
    // Identifies the VM to users; valid after the main fiber has ended.
    const void* id() const { return id_; }

    // Stops the running fiber until unpark(). Returns in the same fiber, maybe on another thread: true, or
    // false if an interruption ended the wait. Does not return if the VM closes: the stack is unwound,
    // destructors run, no Lua code does.
    bool park(wait_info wait);
    // The same for an operation that must have ended (`done`) before the stack may go.
    void park_until(const bool& done);
    // Appends a parked fiber to the ready queue. Never switches.
    void unpark(fiber& f);
    // unpark() at the head of the queue, for direct hand-over.
    void unpark_first(fiber& f);
    // this_fiber.yield(): moves the running fiber to the end of the ready queue. A Lua function, next to the
    // switch for the same reason as what is inlined there; it throws nothing, so it needs no adaptor.
    static int yield(lua_State* L);
    // fiber:interrupt()
    void interrupt(fiber& f);
    // To be called after the disable counter of the running fiber changed.
    void update_interruption();

    // Something outside the VM will wake it: an operation in flight, a fiber in inbox:receive().
    void hold() { ++pending_; }
    void unhold() { --pending_; }

    // --- Closing

    // Ends the VM from inside a fiber: nothing of it runs any more but finalizers and destructors.
    [[noreturn]] void abort_current(ending why);
    // Leaves the running fiber's stack for good: C++ destructors run, no Lua code does, no pcall catches it.
    [[noreturn]] void unwind_current();
    // The same from the scheduler, effective before the next fiber runs.
    void request_close(ending why);
    bool closing() const { return why_ != ending::none; }
    ending why() const { return why_; }
    // Address of the Lua thread whose clean-up handler failed.
    const void* failed_coroutine = nullptr;

    // --- Running

    // Takes the right to touch the VM. False: somebody else has it and will see what was posted.
    bool try_enter()
    {
        task* expected = idle();
        return incoming_.compare_exchange_strong(expected, nullptr);
    }
    // Runs ready fibers after a successful try_enter(), and leaves. May destroy the VM.
    void run();
    // Any thread. Runs `t` inside the VM, soon.
    void post(task& t);
    // Any thread. Reports where the fibers stand, soon: as soon as the running one stops.
    void request_dump();
    // First scheduling of a VM whose main fiber was made.
    void start();

    control* control_block() { return &control_; }
    // Userdata classes by id: see class.hpp.
    struct registered_class {
        int ref = LUA_NOREF;
        const void* metatable = nullptr;
        int settled_ref = LUA_NOREF;
        const void* settled_metatable = nullptr;
        bool complete = false; // see define_once()
    };
    const registered_class& find_class(std::size_t id) const
    {
        static constexpr registered_class none;
        return id < classes_.size() ? classes_[id] : none;
    }
    void set_class(std::size_t id, registered_class c);

    // Registry references that the language layer sets.
    int run_root_handlers_ref = LUA_NOREF;

    // collectgarbage("stop") was called, or a collection was asked for: see in_finalizer().
    bool collector_stopped = false;
    bool collecting = false;
    // newproxy(true) was called or ffi given a finalizer: without them no __gc of the program can run.
    bool has_lua_finalizers = false;
    // Bytes that spans allocated outside the Lua heap since the collector last finished: see byte_span.cpp.
    std::size_t external_bytes = 0;
    bool main_returned = false;
    bool is_main_vm = false;
    std::shared_ptr<mailbox> inbox;

    // Every fiber that has not ended, oldest first.
    fiber* first_fiber() { return fibers_; }

    // Finished with a handle: gives the Lua thread back.
    void release_thread(lua_State* L, int ref);
    // Called once when the VM begins to close; nobody outside may reach it afterwards.
    std::function<void()> on_close;
    // Called once when the main fiber has ended.
    std::function<void()> on_main_end;

private:
    friend class fiber;

    void* allocate_fiber();
    fiber& make_fiber(lua_State* from, bool main);
    void destroy(fiber& f);
    void destroy_fresh(fiber& f);
    void append_ready(fiber& f);
    fiber* pop_ready();
    fiber* next_in_round();
    void suspend(fiber& f);
    void note_time(fiber& f);
    void load(fiber* f);
    void create_context(fiber& f);
    void switch_from(fiber* from, fiber* to);
    void arrived(sanitizer::stack_state& self, boost::context::fiber&& from);
    void free_dead_stack();
    boost::context::fiber run_fibers(boost::context::fiber&& from);
    void end_warm_stacks();
    int execute(fiber& f);
    fiber* finish(fiber& f, int status);
    void post_run();
    void drain_incoming();
    void begin_close();
    void finalize();
    std::vector<std::string> deadlocks() const;

    static void* allocate(void* self, void* p, std::size_t old_size, std::size_t new_size);

    runtime& rt_;
    std::shared_ptr<context> ctx_;
    lua_allocator allocator_;
    lua_State* L_ = nullptr;
    control control_;

    fiber* current_ = nullptr;
    fiber* main_fiber_ = nullptr;
    const void* id_ = nullptr;
    fiber* ready_head_ = nullptr;
    fiber* ready_tail_ = nullptr;
    fiber* fibers_ = nullptr;
    fiber* last_fiber_ = nullptr;
    std::uint64_t last_serial_ = 0;
    std::size_t budget_ = 0;
    std::size_t pending_ = 0;
    ending why_ = ending::none;
    bool close_begun_ = false;
    const bool keeps_times_;
    std::atomic<bool> dump_requested_ = false;
    task dump_task_;

    std::pmr::monotonic_buffer_resource fiber_memory_;
    std::vector<void*> free_fibers_; // memory of ended ones
    std::size_t fibers_made_ = 0;
    stack_pool stacks_;
    boost::context::fiber scheduler_context_;
    sanitizer::stack_state scheduler_sanitizer_;
    boost::context::fiber* from_slot_ = nullptr;
    sanitizer::stack_state* from_sanitizer_ = nullptr;
    stack dead_stack_; // of a fiber that has just ended; freed from another stack
    bool dead_on_pool_ = false;
    sanitizer::stack_state dead_sanitizer_;
    // A stack of an ended fiber together with its context, which waits for another fiber: to make and to end
    // a context costs as much as two switches.
    struct warm_stack {
        stack memory;
        sanitizer::stack_state sanitizer_state;
        boost::context::fiber context;
    };
    static constexpr std::size_t max_warm_stacks = 32;
    std::vector<warm_stack> warm_stacks_; // room for all is reserved: addresses stay
    sanitizer::stack_state* ending_stack_ = nullptr;
    _Unwind_Exception unwind_;
    std::vector<std::string> deadlocks_;

    std::vector<std::pair<lua_State*, int>> idle_threads_;

    std::vector<registered_class> classes_;

    // Tasks from outside, newest first; null: entered, no tasks; idle(): not entered. One word holds both, so
    // that a thread which leaves does not look at a VM that another one may have destroyed since.
    std::atomic<task*> incoming_;
    static task* idle();
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
};

// --- Checks that every suspending function makes before it starts anything (02 §1.3)

// Raises forbid_suspend_block, or a string where no fiber runs.
inline void check_suspend(lua_State* L, vm& v);
// Raises `interrupted` if the running fiber is flagged and its interruption enabled.
inline void check_interruption(lua_State* L, vm& v);
inline void check_suspend(lua_State* L)
{
    check_suspend(L, vm::of(L));
}
inline void check_interruption(lua_State* L)
{
    check_interruption(L, vm::of(L));
}

// True while a __gc finalizer runs.
bool in_finalizer(lua_State* L);

// Raises the Lua error "C stack overflow" unless the running stack has room for a C function that calls back,
// or for `need` bytes.
inline constexpr std::size_t c_stack_reserve = 48 * 1024;
// What LuaJIT's parser needs, which nests up to 200 levels of its own: 130 kB at most, measured.
inline constexpr std::size_t parser_reserve = 160 * 1024;
void check_c_stack(lua_State* L, std::size_t need = c_stack_reserve);
// The same question for compiled Lua code, which asks by FFI.
bool c_stack_is_low(const control* c);

// The message of a panic (01 §4.10): the string, the text of an error table, else nothing. Calls no Lua code.
std::string panic_message(lua_State* L, int index);

// What the message of a panic leaves out: "error members: arg = stdout, step = exec" of a table, "error
// value: 12 (number)" of what is neither table nor string. Calls no Lua code.
std::string panic_details(lua_State* L, int index);

const char* to_string(wait_kind kind);

namespace detail {
[[noreturn]] void raise_not_suspendable(lua_State* L);
}

inline void check_suspend(lua_State* L, vm& v)
{
    fiber* f = v.current();
    if (!f || f->suspension_forbidden > 0 || (v.has_lua_finalizers && in_finalizer(L))) [[unlikely]]
        detail::raise_not_suspendable(L);
}

inline void check_interruption(lua_State* L, vm& v)
{
    if (v.control_block()->interruption_due) [[unlikely]]
        raise(L, core_errc::interrupted);
}

} // namespace emilua
