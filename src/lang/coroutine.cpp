#include "lang/coroutine.hpp"

#include "core/class.hpp"
#include "lang/lang.hpp"

namespace emilua {

namespace {

// Address: key of the registry for the weak table thread -> coroutine_state. Weak in both: the state is owned
// by the coroutine's body, and a strong value that refers to its key would never be collected.
const char states_key = 0;

void push_states(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&states_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
}

// The state of the coroutine at index 1; null if it is dead and its state was collected.
coroutine_state* find_state(lua_State* L)
{
    push_states(L);
    lua_pushvalue(L, 1);
    lua_rawget(L, -2);
    auto* state = test<coroutine_state>(L, -1);
    lua_pop(L, 2);
    return state;
}

bool is_dead(lua_State* co)
{
    int status = lua_status(co);
    return status != LUA_YIELD && (status != 0 || lua_gettop(co) == 0);
}

bool runs_in(const fiber& f, lua_State* co)
{
    for (auto* frame = f.coroutines; frame; frame = frame->outer) {
        if (frame->co == co)
            return true;
    }
    return false;
}

// While it lives the running fiber is inside `co`.
class inside {
public:
    inside(fiber& f, control& c, lua_State* co, coroutine_state& state)
        : frame_{co, f.coroutines}
        , fiber_{f}
        , control_{c}
        , state_{state}
        , depth_{c.depth}
        , handlers_depth_{c.handlers_depth}
    {
        f.coroutines = &frame_;
        ++c.coroutine_level;
        state.running = true;
        c.depth = state.depth;
        c.handlers_depth = state.handlers_depth;
    }
    ~inside()
    {
        state_ = {control_.depth, control_.handlers_depth};
        control_.depth = depth_;
        control_.handlers_depth = handlers_depth_;
        --control_.coroutine_level;
        fiber_.coroutines = frame_.outer;
    }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;

private:
    coroutine_frame frame_;
    fiber& fiber_;
    control& control_;
    coroutine_state& state_;
    std::int32_t depth_;
    std::int32_t handlers_depth_;
};

// Resumes `co` with the `count` values on top of L. True: its values are on top of L, `count` tells how many.
// False: the error value is.
bool resume(lua_State* L, lua_State* co, coroutine_state& state, int& count)
{
    check_interruption(L);
    fiber& f = running_fiber(L);
    const char* refusal = nullptr;
    if (state.running) {
        if (!runs_in(f, co))
            raise(L, errc::operation_not_permitted);
        refusal = "cannot resume running coroutine";
    } else if (is_dead(co)) {
        refusal = "cannot resume dead coroutine";
    }
    if (refusal) {
        lua_pushstring(L, refusal);
        return false;
    }
    check_c_stack(L);
    if (!lua_checkstack(co, count))
        luaL_error(L, "too many arguments to resume");
    lua_xmove(L, co, count);
    int status;
    {
        inside scope{f, *vm::of(L).control_block(), co, state};
        status = lua_resume(co, count);
    }
    if (status != 0 && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return false;
    }
    count = lua_gettop(co);
    if (!lua_checkstack(L, count + 1)) {
        lua_settop(co, 0);
        luaL_error(L, "too many results to resume");
    }
    lua_xmove(co, L, count);
    return true;
}

lua_State* check_coroutine(lua_State* L)
{
    lua_State* co = lua_tothread(L, 1);
    luaL_argcheck(L, co, 1, "coroutine expected");
    return co;
}

int coroutine_resume(lua_State* L)
{
    lua_State* co = check_coroutine(L);
    coroutine_state none;
    coroutine_state* state = find_state(L);
    int count = lua_gettop(L) - 1;
    bool ok = resume(L, co, state ? *state : none, count);
    int results = ok ? count : 1;
    lua_pushboolean(L, ok);
    lua_insert(L, -results - 1);
    return results + 1;
}

// What coroutine.wrap() returns: upvalues coroutine, state.
int call_wrapped(lua_State* L)
{
    int count = lua_gettop(L);
    if (!resume(L, lua_tothread(L, lua_upvalueindex(1)), check<coroutine_state>(L, lua_upvalueindex(2)),
                count))
        lua_error(L);
    return count;
}

int coroutine_yield(lua_State* L)
{
    if (vm::of(L).control_block()->coroutine_level == 0)
        raise(L, core_errc::bad_coroutine);
    return lua_yield(L, lua_gettop(L));
}

int coroutine_running(lua_State* L)
{
    if (vm::of(L).control_block()->coroutine_level == 0)
        lua_pushnil(L);
    else
        lua_pushthread(L);
    return 1;
}

int coroutine_isyieldable(lua_State* L)
{
    lua_pushboolean(L, vm::of(L).control_block()->coroutine_level > 0);
    return 1;
}

int coroutine_status(lua_State* L)
{
    lua_State* co = check_coroutine(L);
    const coroutine_state* state = find_state(L);
    lua_pushstring(L, co == L                   ? "running"
                      : state && state->running ? "normal"
                      : is_dead(co)             ? "dead"
                                                : "suspended");
    return 1;
}

// (co) -> state
int new_coroutine(lua_State* L)
{
    auto& state = push<coroutine_state>(L);
    static_cast<void>(state);
    lua_newtable(L);
    lua_setfenv(L, -2);
    push_states(L);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return 1;
}

int wrap_coroutine(lua_State* L)
{
    lua_pushcclosure(L, fn<call_wrapped>, 2);
    return 1;
}

} // namespace

void set_coroutine_natives(lua_State* L)
{
    class_<coroutine_state>{L, "coroutine_state"};
    set_functions(L, {{"new_coroutine", fn<new_coroutine>}, {"wrap_coroutine", fn<wrap_coroutine>}});
}

void set_coroutine_functions(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&states_key));
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "kv");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    set_functions(L, {{"resume", fn<coroutine_resume>},
                      {"yield", fn<coroutine_yield>},
                      {"running", fn<coroutine_running>},
                      {"status", fn<coroutine_status>},
                      {"isyieldable", fn<coroutine_isyieldable>}});
}

void push_coroutine_handlers(lua_State* L)
{
    push_states(L);
    lua_pushthread(L);
    lua_rawget(L, -2);
    lua_getfenv(L, -1);
}

} // namespace emilua
