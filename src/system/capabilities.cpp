#include "system/capabilities.hpp"

#include "core/arguments.hpp"
#include "core/class.hpp"
#include "system/process_change.hpp"
#include "system/system.hpp"

#include <cerrno>
#include <climits>
#include <linux/securebits.h>
#include <vector>

namespace emilua {

namespace {

using kind = process_change::kind;

cap_t check_set(lua_State* L, int index)
{
    return check<linux_capabilities>(L, index).value.get();
}

cap_value_t check_capability(lua_State* L, int index)
{
    auto cap = capability::find(text_at(L, index));
    if (!cap)
        raise_invalid_argument(L, index);
    return *cap;
}

cap_flag_t check_flag(lua_State* L, int index)
{
    auto flag = capability::find_flag(text_at(L, index));
    if (!flag)
        raise_invalid_argument(L, index);
    return *flag;
}

// --- Methods

int dup(lua_State* L)
{
    push_capabilities(L, cap_dup(check_set(L, 1)));
    return 1;
}

int clear(lua_State* L)
{
    cap_clear(check_set(L, 1));
    return 0;
}

int clear_flag(lua_State* L)
{
    cap_t self = check_set(L, 1);
    cap_clear_flag(self, check_flag(L, 2));
    return 0;
}

int get_flag(lua_State* L)
{
    cap_t self = check_set(L, 1);
    cap_value_t cap = check_capability(L, 2);
    cap_flag_value_t value;
    if (cap_get_flag(self, cap, check_flag(L, 3), &value) != 0)
        raise_errno(L, errno);
    lua_pushboolean(L, value == CAP_SET);
    return 1;
}

int set_flag(lua_State* L)
{
    luaL_checktype(L, 3, LUA_TTABLE);
    luaL_checktype(L, 4, LUA_TBOOLEAN);
    cap_t self = check_set(L, 1);
    cap_flag_t flag = check_flag(L, 2);
    std::vector<cap_value_t> caps;
    for_each_item(L, 3, [&] {
        auto cap = capability::find(text_at(L, -1));
        if (!cap)
            raise_invalid_argument(L, 3);
        caps.push_back(*cap);
    });
    auto value = lua_toboolean(L, 4) ? CAP_SET : CAP_CLEAR;
    if (cap_set_flag(self, flag, static_cast<int>(caps.size()), caps.data(), value) != 0)
        raise_errno(L, errno);
    return 0;
}

int fill_flag(lua_State* L)
{
    cap_t self = check_set(L, 1);
    cap_flag_t to = check_flag(L, 2);
    cap_t reference = check_set(L, 3);
    if (cap_fill_flag(self, to, reference, check_flag(L, 4)) != 0)
        raise_errno(L, errno);
    return 0;
}

int fill(lua_State* L)
{
    cap_t self = check_set(L, 1);
    cap_flag_t to = check_flag(L, 2);
    if (cap_fill(self, to, check_flag(L, 3)) != 0)
        raise_errno(L, errno);
    return 0;
}

int set_proc(lua_State* L)
{
    check_master(L);
    change_process(L, {.what = kind::capabilities, .number = capability::to_bits(check_set(L, 1))});
    return 0;
}

int get_nsowner(lua_State* L)
{
    lua_pushinteger(L, cap_get_nsowner(check_set(L, 1)));
    return 1;
}

int set_nsowner(lua_State* L)
{
    cap_t self = check_set(L, 1);
    if (cap_set_nsowner(self, static_cast<uid_t>(luaL_checkinteger(L, 2))) != 0)
        raise_errno(L, errno);
    return 0;
}

int tostring(lua_State* L)
{
    ssize_t size;
    char* text = cap_to_text(check_set(L, 1), &size);
    if (!text)
        raise_errno(L, errno);
    std::unique_ptr<char, decltype([](char* p) { cap_free(p); })> owner{text};
    lua_pushlstring(L, text, static_cast<std::size_t>(size));
    return 1;
}

void register_capabilities(lua_State* L)
{
    class_<linux_capabilities>{L, "linux_capabilities"}
        .method("dup", fn<dup>)
        .method("clear", fn<clear>)
        .method("clear_flag", fn<clear_flag>)
        .method("get_flag", fn<get_flag>)
        .method("set_flag", fn<set_flag>)
        .method("fill_flag", fn<fill_flag>)
        .method("fill", fn<fill>)
        .method("set_proc", fn<set_proc>)
        .method("get_nsowner", fn<get_nsowner>)
        .method("set_nsowner", fn<set_nsowner>)
        .metamethod("__tostring", fn<tostring>);
}

// --- Functions of the module

int of_process(lua_State* L)
{
    push_capabilities(L, cap_get_proc());
    return 1;
}

int init(lua_State* L)
{
    push_capabilities(L, cap_init());
    return 1;
}

int from_text(lua_State* L)
{
    std::size_t size;
    const char* text = luaL_checklstring(L, 1, &size);
    bool whole = std::string_view{text}.size() == size; // no 0 inside
    errno = EINVAL;
    push_capabilities(L, whole ? cap_from_text(text) : nullptr);
    return 1;
}

// Of the bounding or the ambient set.
template <auto Get>
int get_member(lua_State* L)
{
    int value = Get(check_capability(L, 1));
    if (value < 0)
        raise_errno(L, errno);
    lua_pushboolean(L, value);
    return 1;
}

int drop_bound(lua_State* L)
{
    check_master(L);
    change_process(L, {.what = kind::drop_bound, .number = {check_capability(L, 1)}});
    return 0;
}

int set_ambient(lua_State* L)
{
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    check_master(L);
    change_process(L, {.what = kind::set_ambient, .number = {check_capability(L, 1), lua_toboolean(L, 2)}});
    return 0;
}

int reset_ambient(lua_State* L)
{
    check_master(L);
    change_process(L, {.what = kind::reset_ambient});
    return 0;
}

int get_securebits(lua_State* L)
{
    lua_pushinteger(L, cap_get_secbits());
    return 1;
}

int set_securebits(lua_State* L)
{
    check_master(L);
    lua_Integer bits = luaL_checkinteger(L, 1);
    if (bits < 0 || bits > UINT_MAX)
        raise_errno(L, EPERM); // as for any unknown bit
    change_process(L, {.what = kind::securebits, .number = {bits}});
    return 0;
}

} // namespace

void push_capabilities(lua_State* L, cap_t result)
{
    if (!result)
        raise_errno(L, errno);
    capability::set owner{result};
    define_once<linux_capabilities>(L, [L] { register_capabilities(L); });
    push<linux_capabilities>(L, linux_capabilities{std::move(owner)});
}

void add_capabilities(lua_State* L, class_builder& c)
{
    c.method("cap_get_proc", fn<of_process>)
        .method("cap_init", fn<init>)
        .method("cap_from_text", fn<from_text>)
        .method("cap_get_bound", fn<get_member<cap_get_bound>>)
        .method("cap_drop_bound", fn<drop_bound>)
        .method("cap_get_ambient", fn<get_member<cap_get_ambient>>)
        .method("cap_set_ambient", fn<set_ambient>)
        .method("cap_reset_ambient", fn<reset_ambient>)
        .method("cap_get_secbits", fn<get_securebits>)
        .method("cap_set_secbits", fn<set_securebits>);
    static constexpr struct {
        const char* name;
        int value;
    } bits[] = {
        {"SECBIT_NOROOT", SECBIT_NOROOT},
        {"SECBIT_NOROOT_LOCKED", SECBIT_NOROOT_LOCKED},
        {"SECBIT_NO_SETUID_FIXUP", SECBIT_NO_SETUID_FIXUP},
        {"SECBIT_NO_SETUID_FIXUP_LOCKED", SECBIT_NO_SETUID_FIXUP_LOCKED},
        {"SECBIT_KEEP_CAPS", SECBIT_KEEP_CAPS},
        {"SECBIT_KEEP_CAPS_LOCKED", SECBIT_KEEP_CAPS_LOCKED},
        {"SECBIT_NO_CAP_AMBIENT_RAISE", SECBIT_NO_CAP_AMBIENT_RAISE},
        {"SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED", SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED},
    };
    for (auto& b : bits) {
        lua_pushinteger(L, b.value);
        c.method(b.name);
    }
}

} // namespace emilua
