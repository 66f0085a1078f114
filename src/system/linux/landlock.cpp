#include "system/linux/landlock.hpp"

#include "core/arguments.hpp"

#include <cerrno>
#include <span>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace emilua::landlock {

namespace {

// The same on every architecture; old headers lack them.
constexpr long sys_create_ruleset = 444;
constexpr long sys_add_rule = 445;
constexpr long sys_restrict_self = 446;

struct [[gnu::packed]] path_beneath_attr {
    std::uint64_t allowed_access;
    std::int32_t parent_fd;
};

struct net_port_attr { // ABI 4
    std::uint64_t allowed_access;
    std::uint64_t port;
};

template <class Attr>
int add_rule(int ruleset, rule_type type, const Attr& attr)
{
    return static_cast<int>(syscall(sys_add_rule, ruleset, static_cast<int>(type), &attr, 0));
}

// The bit of a name is its position.
using names = std::span<const std::string_view>;

constexpr std::string_view access_fs[] = {
    "execute",   "write_file", "read_file", "read_dir",  "remove_dir", "remove_file", "make_char",
    "make_dir",  "make_reg",   "make_sock", "make_fifo", "make_block", "make_sym",
    "refer",     // ABI 2
    "truncate",  // ABI 3
    "ioctl_dev", // ABI 5
};
constexpr std::string_view access_net[] = {"bind_tcp", "connect_tcp"};    // ABI 4
constexpr std::string_view scopes[] = {"abstract_unix_socket", "signal"}; // ABI 6
constexpr std::string_view create_flags[] = {"version"};

// The bit of the string at the top of the stack, 0 if it is none of the names.
std::uint64_t bit_of(lua_State* L, names known)
{
    std::string_view name = text_at(L, -1);
    for (std::size_t i = 0; i != known.size(); ++i) {
        if (known[i] == name)
            return std::uint64_t{1} << i;
    }
    return 0;
}

// The bits of the names in the list at the top of the stack. `bad`: one is unknown.
std::uint64_t bits_of(lua_State* L, names known, bool& bad)
{
    std::uint64_t bits = 0;
    bad = false;
    for_each_item(L, -1, [&] {
        std::uint64_t bit = bit_of(L, known);
        bits |= bit;
        bad = bad || bit == 0;
    });
    return bits;
}

// A member that is a list of names, at the top of the stack.
struct list_member {
    names known;
    const char* not_a_list;
    const char* bad_name;
};

std::uint64_t read_list(lua_State* L, const argument_style& style, const list_member& m)
{
    if (!lua_istable(L, -1))
        style.bad_member(L, m.not_a_list);
    bool bad;
    std::uint64_t bits = bits_of(L, m.known, bad);
    if (bad)
        style.bad_member(L, m.bad_name);
    return bits;
}

void read_ruleset_attr(lua_State* L, const argument_style& style, ruleset_attr& attr)
{
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            style.bad_argument(L, 1, "invalid ruleset attr");
        std::string_view key = text_at(L, -2);
        if (key == "handled_access_fs")
            attr.handled_access_fs =
                read_list(L, style, {access_fs, "invalid handled_access_fs", "invalid LANDLOCK_ACCESS_FS"});
        else if (key == "handled_access_net")
            attr.handled_access_net = read_list(
                L, style, {access_net, "invalid handled_access_net", "invalid LANDLOCK_ACCESS_NET"});
        else if (key == "scoped")
            attr.scoped = read_list(L, style, {scopes, "invalid scoped", "invalid LANDLOCK_SCOPE"});
        else
            style.bad_member(L, "invalid ruleset attr");
        lua_pop(L, 1);
    }
}

std::uint64_t read_port(lua_State* L, const argument_style& style)
{
    if (!lua_isnumber(L, -1))
        style.bad_member(L, "invalid port");
    constexpr std::uint64_t impossible = 0x10000; // the kernel's EINVAL
    lua_Number port = lua_tonumber(L, -1);
    return port >= 0 && port < impossible ? static_cast<std::uint64_t>(port) : impossible;
}

void read_rule_attr(lua_State* L, const argument_style& style, add_rule_arguments& rule)
{
    bool is_path = rule.type == rule_type::path_beneath;
    const char* bad_key = is_path ? "invalid path_beneath attr" : "invalid net_port attr";
    list_member access =
        is_path ? list_member{access_fs, "invalid allowed_access", "invalid LANDLOCK_ACCESS_FS"}
                : list_member{access_net, "invalid allowed_access", "invalid LANDLOCK_ACCESS_NET"};
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            style.bad_argument(L, 3, bad_key);
        std::string_view key = text_at(L, -2);
        if (key == "allowed_access")
            rule.allowed_access = read_list(L, style, access);
        else if (is_path && key == "parent_fd")
            rule.parent_fd = style.parent(L, lua_gettop(L));
        else if (!is_path && key == "port")
            rule.port = read_port(L, style);
        else
            style.bad_member(L, bad_key);
        lua_pop(L, 1);
    }
}

} // namespace

int restrict_self(int ruleset)
{
    return static_cast<int>(syscall(sys_restrict_self, ruleset, 0));
}

int create_ruleset_arguments::call() const
{
    // A kernel that knows less accepts members that are 0.
    std::size_t size = has_attr ? sizeof(attr) : 0;
    return static_cast<int>(syscall(sys_create_ruleset, has_attr ? &attr : nullptr, size, flags));
}

int add_rule_arguments::call() const
{
    if (type == rule_type::net_port)
        return add_rule(ruleset, type, net_port_attr{allowed_access, port});
    return add_rule(ruleset, type, path_beneath_attr{allowed_access, parent_fd});
}

create_ruleset_arguments read_create_ruleset(lua_State* L, const argument_style& style)
{
    create_ruleset_arguments result;
    lua_settop(L, 2);
    if (lua_istable(L, 1)) {
        result.has_attr = true;
    } else if (!lua_isnil(L, 1)) {
        style.bad_argument(L, 1, "table expected for argument 1");
    }
    if (!lua_istable(L, 2) && !lua_isnil(L, 2))
        style.bad_argument(L, 2, "table expected for argument 2");
    if (result.has_attr)
        read_ruleset_attr(L, style, result.attr);
    if (lua_istable(L, 2)) {
        bool bad;
        result.flags = static_cast<std::uint32_t>(bits_of(L, create_flags, bad));
        if (bad)
            style.bad_argument(L, 2, "invalid LANDLOCK_CREATE_RULESET flag");
    }
    return result;
}

add_rule_arguments read_add_rule(lua_State* L, const argument_style& style)
{
    add_rule_arguments rule;
    rule.ruleset = style.ruleset(L, 1);
    std::string_view type = text_at(L, 2);
    if (type == "net_port")
        rule.type = rule_type::net_port;
    else if (type != "path_beneath")
        style.bad_argument(L, 2, "invalid argument 2");
    if (!lua_istable(L, 3))
        style.bad_argument(L, 3, "table expected for argument 3");
    if (!lua_isnoneornil(L, 4))
        style.bad_argument(L, 4, "nil expected for argument 4");
    lua_settop(L, 3);
    read_rule_attr(L, style, rule);
    return rule;
}

int read_restrict_self(lua_State* L, const argument_style& style)
{
    int ruleset = style.ruleset(L, 1);
    if (!lua_isnoneornil(L, 2))
        style.bad_argument(L, 2, "nil expected for argument 2");
    return ruleset;
}

} // namespace emilua::landlock
