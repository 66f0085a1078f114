#include "core/vm.hpp"

#include "core/arguments.hpp"
#include "core/context.hpp"
#include "core/fiber_dump.hpp"
#include "core/forced_unwind.hpp"
#include "core/runtime.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <new>

namespace emilua {

vm::vm(runtime& rt, std::shared_ptr<context> ctx)
    : rt_{rt}
    , ctx_{std::move(ctx)}
    , keeps_times_{rt.keeps_times}
    , dump_task_{[](task&, vm& v) {
        v.dump_requested_ = false;
        v.rt_.report.fiber_dump(fiber_dump(v));
    }}
    , stacks_{rt.fiber_stack_size}
    , incoming_{idle()}
    , work_{ctx_->io.get_executor()}
{
    // Our own allocator: its argument takes us from any lua_State to its VM.
    L_ = lua_newstate(&vm::allocate, this);
    if (!L_)
        throw std::bad_alloc{};
    learn_interpreter_frame(L_);
    warm_stacks_.reserve(max_warm_stacks);
}

vm::~vm()
{
    if (!L_)
        return;
    // It was never started, or not to its end: fibers that ran are beyond help.
    end_warm_stacks();
    for (fiber* f = fibers_; f;) {
        fiber* next = f->next;
        if (!f->context)
            destroy_fresh(*f);
        f = next;
    }
    lua_close(L_);
}

void* vm::allocate(void* self, void* p, std::size_t old_size, std::size_t new_size)
{
    return static_cast<vm*>(self)->allocator_.resize(p, old_size, new_size);
}

boost::asio::io_context& vm::io()
{
    return ctx_->io;
}

void vm::set_class(std::size_t id, registered_class c)
{
    if (id >= classes_.size())
        classes_.resize(id + 1);
    classes_[id] = c;
}

void vm::interrupt(fiber& f)
{
    f.interrupted = true;
    control& c = &f == current_ ? control_ : f.saved;
    c.interruption_due = f.interruption_disabled == 0;
    if (f.status != fiber::state::parked || !f.wait_interruptible)
        return;
    if (f.wait.kind == wait_kind::operation) {
        f.cancel.emit(boost::asio::cancellation_type::all);
    } else {
        f.wait_interrupted = true;
        f.wait.on_interrupt(f);
    }
}

void vm::update_interruption()
{
    control_.interruption_due = current_->interrupted && current_->interruption_disabled == 0;
}

void vm::request_close(ending why)
{
    if (why_ == ending::none)
        why_ = why;
}

void vm::abort_current(ending why)
{
    request_close(why);
    unwind_current();
}

void vm::finalize()
{
    control_ = {}; // of no fiber
    // Finalizers report failed fibers that nobody joined.
    lua_close(std::exchange(L_, nullptr));
    if (why_ == ending::cleanup_error)
        rt_.report.cleanup_error(id_, failed_coroutine);
    else if (why_ == ending::out_of_memory)
        rt_.report.out_of_memory(id_);
    else if (!deadlocks_.empty())
        rt_.report.deadlock(id_, deadlocks_);
    bool broken = why_ == ending::cleanup_error || why_ == ending::out_of_memory;
    bool went = main_returned || why_ == ending::exit; // an exit without the master's role is no failure
    if (is_main_vm && (!went || broken))
        rt_.main_failed();
    rt_.closed(*this); // destroys this VM
}

std::vector<std::string> vm::deadlocks() const
{
    std::vector<std::string> items;
    for (const fiber* f = fibers_; f; f = f->next) {
        const char* text = f->status != fiber::state::parked ? nullptr
                           : f->wait.kind == wait_kind::mutex
                               ? "No scheduled fibers remaining to unlock mutex %p"
                           : f->wait.kind == wait_kind::future ? "Underlying promise for future %p is broken"
                                                               : nullptr;
        if (!text)
            continue;
        char line[100];
        std::snprintf(line, sizeof(line), text, f->wait.object);
        if (std::find(items.begin(), items.end(), line) == items.end())
            items.push_back(line);
    }
    return items;
}

bool in_finalizer(lua_State* L)
{
    // LuaJIT shows a finalizer only by the collector that it stops meanwhile.
    vm& v = vm::of(L);
    return !lua_gc(L, LUA_GCISRUNNING, 0) && (!v.collector_stopped || v.collecting);
}

void detail::raise_not_suspendable(lua_State* L)
{
    if (!vm::of(L).current() && !in_finalizer(L))
        luaL_error(L, "attempt to suspend a system fiber");
    raise(L, core_errc::forbid_suspend_block);
}

void check_c_stack(lua_State* L, std::size_t need)
{
    fiber* f = vm::of(L).current();
    auto* here = static_cast<std::byte*>(__builtin_frame_address(0));
    if (f && here < f->memory.bottom + need)
        luaL_error(L, "C stack overflow");
}

bool c_stack_is_low(const control* c)
{
    return static_cast<std::byte*>(__builtin_frame_address(0)) < c->c_stack_limit;
}

std::string panic_message(lua_State* L, int index)
{
    if (lua_type(L, index) == LUA_TSTRING)
        return std::string{text_at(L, index)};
    auto ec = to_error_code(L, index);
    return ec ? ec->message() : std::string{};
}

std::string panic_details(lua_State* L, int index)
{
    constexpr std::size_t member_limit = 16, value_limit = 1024;
    switch (lua_type(L, index)) {
    case LUA_TSTRING: return {};
    case LUA_TTABLE: break;
    case LUA_TNUMBER: return fmt::format("error value: {} (number)", lua_tonumber(L, index));
    case LUA_TBOOLEAN: return lua_toboolean(L, index) ? "error value: true" : "error value: false";
    default: return fmt::format("error value: {}", luaL_typename(L, index));
    }
    bool code_is_told = to_error_code(L, index).has_value();
    std::map<std::string_view, std::string> members;
    lua_pushnil(L);
    for (; members.size() != member_limit && lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1))
            continue;
        std::string_view name = lua_tostring(L, -2);
        if (!code_is_told || name != "code")
            members[name] = std::string{lua_tostring(L, -1)}.substr(0, value_limit);
    }
    std::string text;
    for (auto& [name, value] : members)
        text += fmt::format("{}{} = {}", text.empty() ? "error members: " : ", ", name, value);
    return text;
}

const char* to_string(wait_kind kind)
{
    switch (kind) {
    case wait_kind::none: return "none";
    case wait_kind::yield: return "yield";
    case wait_kind::operation: return "operation";
    case wait_kind::join: return "join";
    case wait_kind::import: return "import";
    case wait_kind::mutex: return "mutex";
    case wait_kind::recursive_mutex: return "recursive_mutex";
    case wait_kind::condition_variable: return "condition_variable";
    case wait_kind::future: return "future";
    case wait_kind::inbox: return "inbox";
    case wait_kind::send: return "send";
    }
    return "?";
}

} // namespace emilua
