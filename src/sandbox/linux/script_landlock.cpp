#include "sandbox/linux/script_landlock.hpp"

#include "sandbox/script_call.hpp"
#include "system/linux/landlock.hpp"

namespace emilua::init_script {

namespace {

void raise_text(lua_State* L, const char* text)
{
    lua_pushstring(L, text);
    lua_error(L);
}

int integer_at(lua_State* L, int index, const char* otherwise)
{
    if (!lua_isnumber(L, index))
        raise_text(L, otherwise);
    return static_cast<int>(lua_tointeger(L, index));
}

// Errors are strings, descriptors are integers.
constexpr landlock::argument_style style{
    .bad_argument = [](lua_State* L, int, const char* text) { raise_text(L, text); },
    .bad_member = raise_text,
    .ruleset = [](lua_State* L,
                  int index) { return integer_at(L, index, "integer expected for argument 1"); },
    .parent = [](lua_State* L, int index) { return integer_at(L, index, "invalid parent_fd"); },
};

} // namespace

int landlock_create_ruleset(lua_State* L)
{
    return push_result(L, landlock::read_create_ruleset(L, style).call());
}

int landlock_add_rule(lua_State* L)
{
    return push_result(L, landlock::read_add_rule(L, style).call());
}

int landlock_restrict_self(lua_State* L)
{
    return push_result(L, landlock::restrict_self(landlock::read_restrict_self(L, style)));
}

} // namespace emilua::init_script
