// How fibers of a VM get the processor: creation, switching, the round, the end of a fiber.
#include "core/class.hpp"
#include "core/context.hpp"
#include "core/fiber_dump.hpp"
#include "core/forced_unwind.hpp"
#include "core/runtime.hpp"
#include "core/stack_guard.hpp"
#include "core/vm.hpp"

#include <boost/asio/post.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/stack_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <system_error>
#include <tuple>

namespace emilua {

namespace {

// Switches in one round before the io_context gets a turn: I/O and other VMs are not starved.
constexpr std::size_t round_budget = 128;
constexpr std::size_t cache_line = 64;
constexpr std::size_t stack_colors = 16;
// Stacks given back to the kernel in one idle moment.
constexpr std::size_t trim_budget = 32;
// Lua threads kept for the next spawn().
constexpr std::size_t max_idle_threads = 4096;

// Stacks belong to the pool, not to Boost.Context.
struct no_deallocation {
    void deallocate(boost::context::stack_context&) noexcept {}
};

// Message handler of a fiber's body: the traceback must be taken before the stack is unwound.
int save_traceback(lua_State* L)
{
    if (is_interrupted_error(L, 1))
        return 1;
    fiber& f = *vm::of(L).current();
    luaL_traceback(L, L, nullptr, 1);
    std::size_t size;
    const char* text = lua_tolstring(L, -1, &size);
    f.traceback = std::make_unique<std::string>(text, size);
    if (std::string details = panic_details(L, 1); !details.empty())
        *f.traceback += "\n\t" + details;
    lua_settop(L, 1);
    return 1;
}

std::string_view text_of(const std::unique_ptr<std::string>& traceback)
{
    return traceback ? *traceback : std::string_view{};
}

} // namespace

fiber::fiber(vm& owner, lua_State* thread, int thread_ref, std::uint64_t serial)
    : owner{owner}
    , L{thread}
    , thread_ref{thread_ref}
    , serial{serial}
{
}

const void* fiber::id() const
{
    return is_main ? owner.id() : L;
}

fiber_handle::~fiber_handle()
{
    detach();
}

void fiber_handle::release_results()
{
    vm::of(results).release_thread(results, results_ref);
    results = nullptr;
    traceback.reset();
}

void fiber_handle::detach()
{
    if (target) {
        target->handle = nullptr;
        target = nullptr;
    }
    if (results) {
        if (end == outcome::raised)
            vm::of(results).rt().report.fiber_panic(results, panic_message(results, 2), text_of(traceback));
        release_results();
    }
    status = state::detached;
}

task* vm::idle()
{
    static task mark;
    return &mark;
}

// --- Creation

void* vm::allocate_fiber()
{
    if (free_fibers_.empty()) {
        if (++fibers_made_ > free_fibers_.capacity())
            free_fibers_.reserve(2 * fibers_made_); // so that destroy() cannot fail
        return fiber_memory_.allocate(sizeof(fiber), alignof(fiber));
    }
    void* memory = free_fibers_.back();
    free_fibers_.pop_back();
    return memory;
}

fiber& vm::make_fiber(lua_State* from, bool main)
{
    lua_State* thread;
    int ref;
    if (!idle_threads_.empty()) {
        std::tie(thread, ref) = idle_threads_.back();
        idle_threads_.pop_back();
        if (lua_topointer(from, LUA_GLOBALSINDEX) != lua_topointer(thread, LUA_GLOBALSINDEX)) {
            lua_pushvalue(from, LUA_GLOBALSINDEX);
            lua_xmove(from, thread, 1);
            lua_replace(thread, LUA_GLOBALSINDEX);
        }
    } else {
        thread = lua_newthread(from);
        ref = luaL_ref(from, LUA_REGISTRYINDEX);
        lua_pushcfunction(thread, fn<save_traceback>); // index 1 as long as the thread lives
    }
    void* memory = nullptr;
    stack main_stack;
    char problem[200] = "";
    try {
        memory = allocate_fiber();
        if (main)
            main_stack = map_stack(rt_.main_stack_size);
        else
            stacks_.reserve();
    } catch (const std::exception& e) {
        std::strncpy(problem, e.what(), sizeof(problem) - 1);
    }
    if (*problem) {
        if (memory)
            free_fibers_.push_back(memory);
        release_thread(thread, ref);
        luaL_error(from, "%s", problem);
    }
    lua_xmove(from, thread, 1);
    auto* f = new (memory) fiber{*this, thread, ref, ++last_serial_};
    f->memory = main_stack;
    f->is_main = main;
    f->on_pool_stack = !main;
    (last_fiber_ ? last_fiber_->next : fibers_) = f;
    f->previous = std::exchange(last_fiber_, f);
    append_ready(*f);
    return *f;
}

fiber& vm::spawn(lua_State* from)
{
    return make_fiber(from, false);
}

fiber& vm::spawn_main(lua_State* from)
{
    fiber& f = make_fiber(from, true);
    if (!id_) {
        id_ = f.L;
        main_fiber_ = &f;
    }
    return f;
}

void vm::release_thread(lua_State* L, int ref)
{
    lua_settop(L, 1);
    if (idle_threads_.size() < max_idle_threads) {
        try {
            idle_threads_.emplace_back(L, ref);
            return;
        } catch (const std::bad_alloc&) { // then it is the collector's
        }
    }
    if (L_)
        luaL_unref(L_, LUA_REGISTRYINDEX, ref);
}

// Takes the fiber out of the VM, but for its stack.
void vm::destroy(fiber& f)
{
    (f.previous ? f.previous->next : fibers_) = f.next;
    (f.next ? f.next->previous : last_fiber_) = f.previous;
    if (f.handle)
        f.handle->target = nullptr;
    if (L_) {
        luaL_unref(L_, LUA_REGISTRYINDEX, f.local_ref);
        luaL_unref(L_, LUA_REGISTRYINDEX, f.handlers_ref);
    }
    f.~fiber();
    free_fibers_.push_back(&f);
}

// The same for a fiber that never ran.
void vm::destroy_fresh(fiber& f)
{
    if (f.on_pool_stack)
        stacks_.unreserve();
    else
        unmap_stack(f.memory);
    destroy(f);
}

// --- Switching
//
// What stands between a binding and the jump to another stack is inlined: behind the jump the processor's
// return predictor is one off, and each return on the way back costs a misprediction. It was half of a
// switch's time.

[[gnu::always_inline]] inline void vm::append_ready(fiber& f)
{
    if (f.context)
        f.status = fiber::state::ready;
    f.next_ready = nullptr;
    (ready_tail_ ? ready_tail_->next_ready : ready_head_) = &f;
    ready_tail_ = &f;
}

[[gnu::always_inline]] inline fiber* vm::pop_ready()
{
    fiber* f = ready_head_;
    if (f) {
        ready_head_ = f->next_ready;
        if (!ready_head_)
            ready_tail_ = nullptr;
    }
    return f;
}

void vm::unpark(fiber& f)
{
    if (f.status == fiber::state::parked)
        append_ready(f);
}

void vm::unpark_first(fiber& f)
{
    f.status = fiber::state::ready;
    f.next_ready = ready_head_;
    ready_head_ = &f;
    if (!ready_tail_)
        ready_tail_ = &f;
}

[[gnu::always_inline]] inline void vm::load(fiber* f)
{
    current_ = f;
    if (f) {
        f->status = fiber::state::running;
        control_ = f->saved;
    }
}

// Gives a fiber that runs for the first time its stack.
void vm::create_context(fiber& f)
{
    if (f.on_pool_stack && !warm_stacks_.empty()) {
        warm_stack& w = warm_stacks_.back();
        f.memory = w.memory;
        f.saved.c_stack_limit = f.memory.bottom + c_stack_reserve;
        f.context = std::move(w.context);
        f.sanitizer_state = w.sanitizer_state;
        warm_stacks_.pop_back();
        stacks_.used_warm();
        return;
    }
    if (f.on_pool_stack)
        f.memory = stacks_.allocate();
    f.saved.c_stack_limit = f.memory.bottom + c_stack_reserve;
    // Stacks begin at equal offsets in a page, which is what caches are indexed by: without different colours
    // a thousand fibers compete for a few lines.
    std::size_t color = f.serial % stack_colors * cache_line;
    boost::context::stack_context whole;
    whole.sp = f.memory.top - color;
    whole.size = f.memory.size() - color;
    sanitizer::create(f.sanitizer_state, f.memory.bottom, f.memory.size());
    sanitizer::during_creation guard{f.sanitizer_state};
    f.context = boost::context::fiber{
        std::allocator_arg, boost::context::preallocated{whole.sp, whole.size, whole}, no_deallocation{},
        [this](boost::context::fiber&& from) { return run_fibers(std::move(from)); }};
}

// Ends the contexts that wait for a fiber in run_fibers().
void vm::end_warm_stacks()
{
    sanitizer::adopt_current_thread(scheduler_sanitizer_);
    while (!warm_stacks_.empty()) {
        warm_stack w = std::move(warm_stacks_.back());
        warm_stacks_.pop_back();
        sanitizer::before_switch(scheduler_sanitizer_, w.sanitizer_state, false);
        ending_stack_ = &w.sanitizer_state;
        std::move(w.context).resume();
        sanitizer::after_switch(scheduler_sanitizer_, nullptr);
        sanitizer::destroy(w.sanitizer_state);
    }
}

[[gnu::always_inline]] inline void vm::arrived(sanitizer::stack_state& self, boost::context::fiber&& from)
{
    sanitizer::after_switch(self, from_sanitizer_);
    if (from_slot_)
        *from_slot_ = std::move(from);
    if (dead_stack_) [[unlikely]]
        free_dead_stack();
}

void vm::free_dead_stack()
{
    sanitizer::destroy(dead_sanitizer_);
    if (dead_on_pool_)
        stacks_.release(dead_stack_);
    else
        unmap_stack(dead_stack_);
    dead_stack_ = {};
}

// Switches to `to` (null: the scheduler); returns when somebody switches back to `from`.
[[gnu::always_inline]] inline void vm::switch_from(fiber* from, fiber* to)
{
    if (to && !to->context) [[unlikely]]
        create_context(*to);
    load(to);
    auto& self = from ? from->sanitizer_state : scheduler_sanitizer_;
    from_slot_ = from ? &from->context : &scheduler_context_;
    from_sanitizer_ = &self;
    sanitizer::before_switch(self, to ? to->sanitizer_state : scheduler_sanitizer_, false);
    auto back = std::move(to ? to->context : scheduler_context_).resume();
    arrived(self, std::move(back));
}

// Who runs after the running fiber: a switch less than by way of the scheduler, which is null.
[[gnu::always_inline]] inline fiber* vm::next_in_round()
{
    fiber* next = nullptr;
    if (budget_ > 0 && !closing() && (next = pop_ready()))
        --budget_;
    return next;
}

// Leaves the running fiber's stack.
[[gnu::always_inline]] inline void vm::suspend(fiber& f)
{
    f.saved = control_;
    fiber* next = next_in_round();
    if (next == &f)
        load(next);
    else
        switch_from(&f, next);
}

[[gnu::always_inline]] inline void vm::note_time(fiber& f)
{
    if (keeps_times_) [[unlikely]]
        f.parked_at = coarse_milliseconds();
}

bool vm::park(wait_info wait)
{
    fiber& f = *current_;
    f.wait = wait;
    f.wait_interrupted = false;
    f.wait_interruptible = wait.on_interrupt && f.interruption_disabled == 0;
    f.status = fiber::state::parked;
    note_time(f);
    suspend(f);
    f.wait = {};
    if (closing()) [[unlikely]]
        unwind_current();
    return !f.wait_interrupted;
}

void vm::park_until(const bool& done)
{
    fiber& f = *current_;
    note_time(f);
    while (!done) {
        f.wait = {wait_kind::operation, nullptr, nullptr};
        f.wait_interruptible = f.interruption_disabled == 0;
        f.status = fiber::state::parked;
        suspend(f);
    }
    f.wait = {};
    if (closing()) [[unlikely]]
        unwind_current();
}

int vm::yield(lua_State* L)
{
    vm& v = of(L);
    check_suspend(L, v);
    check_interruption(L, v);
    fiber& f = *v.current_;
    f.wait.kind = wait_kind::yield;
    v.append_ready(f);
    v.suspend(f);
    f.wait.kind = wait_kind::none;
    if (v.closing()) [[unlikely]]
        v.unwind_current();
    return 0;
}

void vm::unwind_current()
{
    forced_unwind(unwind_, L_);
}

// --- A fiber's life

// What goes on on a stack: a fiber, and the next one that needs a stack.
boost::context::fiber vm::run_fibers(boost::context::fiber&& from)
{
    while (current_) {
        fiber& f = *current_;
        arrived(f.sanitizer_state, std::move(from));
        fiber* next = nullptr;
        bool unwound = false;
        int status = 0;
        try {
            status = execute(f);
        } catch (...) { // unwind_current(): must not be thrown on
            unwound = true;
        }
        if (!unwound)
            next = finish(f, status);
        if (!next)
            next = next_in_round();
        if (next && !next->context)
            create_context(*next);
        warm_stack self{f.memory, f.sanitizer_state, {}};
        bool on_pool = f.on_pool_stack;
        destroy(f);
        load(next);
        auto& next_sanitizer = next ? next->sanitizer_state : scheduler_sanitizer_;
        if (!on_pool || closing() || warm_stacks_.size() == max_warm_stacks) {
            dead_stack_ = self.memory;
            dead_on_pool_ = on_pool;
            dead_sanitizer_ = self.sanitizer_state;
            from_slot_ = nullptr;
            from_sanitizer_ = nullptr;
            sanitizer::before_switch(dead_sanitizer_, next_sanitizer, true);
            return std::move(next ? next->context : scheduler_context_);
        }
        warm_stacks_.push_back(std::move(self));
        stacks_.kept_warm();
        from_slot_ = &warm_stacks_.back().context;
        from_sanitizer_ = &warm_stacks_.back().sanitizer_state;
        sanitizer::before_switch(*from_sanitizer_, next_sanitizer, false);
        from = std::move(next ? next->context : scheduler_context_).resume();
    }
    sanitizer::after_switch(*ending_stack_, &scheduler_sanitizer_);
    sanitizer::before_switch(*ending_stack_, scheduler_sanitizer_, true);
    return std::move(from);
}

// Runs the body and the clean-up handlers of the root scope. Results, or the error, are left at index 2.
int vm::execute(fiber& f)
{
    int status = lua_pcall(f.L, 0, LUA_MULTRET, 1);
    control_.depth = 1;
    if (control_.handlers_depth > 0 && status != LUA_ERRMEM) {
        lua_rawgeti(f.L, LUA_REGISTRYINDEX, run_root_handlers_ref);
        int handlers_status = lua_pcall(f.L, 0, 0, 0);
        if (handlers_status != 0) {
            status = handlers_status;
            lua_replace(f.L, 2);
            lua_settop(f.L, 2);
        }
    }
    return status;
}

// Hands over the results. Returns the joiner if there is one: it runs next, ahead of the ready queue.
fiber* vm::finish(fiber& f, int status)
{
    using outcome = fiber_handle::outcome;
    bool interrupted = status != 0 && is_interrupted_error(f.L, 2);
    if (status == LUA_ERRMEM)
        request_close(ending::out_of_memory);
    if (&f == main_fiber_) {
        main_fiber_ = nullptr;
        if (status == 0) {
            main_returned = true;
        } else if (!closing()) {
            rt_.report.main_panic(id_, panic_message(f.L, 2), text_of(f.traceback));
            request_close(ending::main_panic);
        }
        if (on_main_end)
            on_main_end();
    } else if (fiber_handle* h = f.handle; h && status != LUA_ERRMEM) { // that is reported for the VM
        h->target = nullptr;
        h->status = fiber_handle::state::finished;
        h->end = status == 0 ? outcome::returned : interrupted ? outcome::interrupted : outcome::raised;
        h->results = f.L;
        h->results_ref = f.thread_ref;
        h->traceback = std::move(f.traceback);
        f.handle = nullptr;
        return std::exchange(h->joiner, nullptr);
    } else if (status != 0 && !interrupted && !closing()) {
        rt_.report.fiber_panic(f.id(), panic_message(f.L, 2), text_of(f.traceback));
    }
    release_thread(f.L, f.thread_ref);
    return nullptr;
}

// --- The round

// Another thread may run the VM to its end, and the context with it, before the context's post() has
// returned.
void vm::post_run()
{
    std::shared_ptr<context> alive = ctx_;
    boost::asio::post(alive->io, [this] { run(); });
}

void vm::start()
{
    if (try_enter())
        post_run();
}

void vm::post(task& t)
{
    task* head = incoming_.load();
    do
        t.next = head == idle() ? nullptr : head;
    while (!incoming_.compare_exchange_weak(head, &t));
    if (head == idle())
        post_run();
}

void vm::request_dump()
{
    if (!dump_requested_.exchange(true))
        post(dump_task_);
}

void vm::drain_incoming()
{
    if (!incoming_.load(std::memory_order_relaxed))
        return;
    task* newest_first = incoming_.exchange(nullptr);
    task* oldest_first = nullptr;
    while (newest_first)
        oldest_first = std::exchange(newest_first, std::exchange(newest_first->next, oldest_first));
    while (oldest_first) {
        task* t = std::exchange(oldest_first, oldest_first->next);
        t->run(*t, *this);
    }
}

void vm::begin_close()
{
    close_begun_ = true;
    if (rt_.dumps_at_end && fibers_)
        rt_.report.fiber_dump(fiber_dump(*this));
    if (why_ == ending::finished || why_ == ending::exit)
        deadlocks_ = deadlocks();
    if (on_close)
        on_close();
    // Fibers that never ran have nothing to unwind. The others are resumed to leave their stacks; those in an
    // operation only when the kernel is done with their memory.
    fiber* ready = ready_head_;
    ready_head_ = ready_tail_ = nullptr;
    while (ready) {
        fiber* next = ready->next_ready;
        if (!ready->context)
            destroy_fresh(*ready);
        else
            append_ready(*ready);
        ready = next;
    }
    for (fiber* f = fibers_; f; f = f->next) {
        if (f->status != fiber::state::parked)
            continue;
        if (f->wait.kind == wait_kind::operation)
            f->cancel.emit(boost::asio::cancellation_type::all);
        else
            unpark(*f);
    }
}

void vm::run()
{
    stack_guard::running_vm scope{*this};
    sanitizer::adopt_current_thread(scheduler_sanitizer_);
    budget_ = round_budget; // for all of it: other VMs may send us something new each time we look
    for (;;) {
        drain_incoming();
        // Once the VM is to close only begin_close() may decide who runs: a fresh fiber must not start.
        while (budget_ > 0 && (close_begun_ || !closing())) {
            fiber* f = pop_ready();
            if (!f)
                break;
            --budget_;
            switch_from(nullptr, f);
        }
        if (closing() && !close_begun_) {
            begin_close();
            continue;
        }
        if (ready_head_) {
            boost::asio::post(io(), [this] { run(); });
            return;
        }
        if (pending_ == 0 && !incoming_.load()) {
            if (!close_begun_) {
                request_close(ending::finished);
                continue;
            }
            if (!fibers_) {
                end_warm_stacks();
                finalize();
                return;
            }
        }
        if (stacks_.trim(trim_budget)) {
            boost::asio::post(io(), [this] { run(); });
            return;
        }
        task* expected = nullptr;
        if (incoming_.compare_exchange_strong(expected, idle()))
            return;
    }
}

} // namespace emilua
