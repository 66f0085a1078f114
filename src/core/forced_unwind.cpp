#include "core/forced_unwind.hpp"

#include <cstdlib>

namespace emilua {

namespace {

// LuaJIT's class with error code 0: its personality routine then leaves the Lua stack alone.
constexpr _Unwind_Exception_Class luajit_class = 0x4c55414a49543200;

interpreter_frame interpreter;

constexpr int slots = 8; // more than the frame has before its saved registers

lua_State** slots_of(_Unwind_Context* frame)
{
    return reinterpret_cast<lua_State**>(_Unwind_GetCFA(frame));
}

// The frame has slots that nobody sets: what earlier calls left there may be a copy of L. Not instrumented,
// so that the array is on the stack itself.
[[gnu::noinline, gnu::no_sanitize_address]] void wipe_stack_below()
{
    volatile std::uintptr_t words[512];
    for (auto& word : words)
        word = 0;
}

struct search {
    lua_State* L;
    interpreter_frame result = {};
    int depth = 0;
};

_Unwind_Reason_Code look_at_caller(_Unwind_Context* frame, void* p)
{
    auto& s = *static_cast<search*>(p);
    if (s.depth++ == 0)
        return _URC_NO_REASON; // look() itself
    int slot = 0;              // the first: other copies of L are saved registers
    while (slot != slots && slots_of(frame)[slot] != s.L)
        ++slot;
    if (slot != slots)
        s.result = {_Unwind_GetRegionStart(frame), slot};
    return _URC_END_OF_STACK;
}

int look(lua_State* L)
{
    _Unwind_Backtrace(look_at_caller, lua_touserdata(L, 1));
    return 0;
}

_Unwind_Reason_Code before_frame(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception*,
                                 _Unwind_Context* frame, void* idle)
{
    if (actions & _UA_END_OF_STACK)
        std::abort(); // vm::run_fiber() catches it: cannot happen
    // LuaJIT's personality routine would walk the frames of the Lua thread, from its innermost one on,
    // through links on the C stack: on the part that was left already, where destructors have run since.
    if (_Unwind_GetRegionStart(frame) == interpreter.function)
        slots_of(frame)[interpreter.slot] = static_cast<lua_State*>(idle);
    return _URC_NO_REASON;
}

} // namespace

interpreter_frame find_interpreter_frame(lua_State* L)
{
    search s{L};
    wipe_stack_below();
    lua_cpcall(L, look, &s);
    return s.result;
}

void learn_interpreter_frame(lua_State* L)
{
    static const bool known = (interpreter = find_interpreter_frame(L), true);
    static_cast<void>(known);
}

void forced_unwind(_Unwind_Exception& e, lua_State* idle)
{
    e = {};
    e.exception_class = luajit_class;
    _Unwind_ForcedUnwind(&e, before_frame, idle);
    std::abort();
}

} // namespace emilua
