// Landlock (landlock(7)): the kernel's interface up to ABI 7, declared by us because the headers of the build
// machine may be older than the kernel.
//
// No VM is needed here: the functions serve the program, its children and the throw-away Lua state of
// init.script.
#pragma once

#include <cstdint>
#include <lua.hpp>

namespace emilua::landlock {

struct ruleset_attr {
    std::uint64_t handled_access_fs = 0;
    std::uint64_t handled_access_net = 0; // ABI 4
    std::uint64_t scoped = 0;             // ABI 6
};

enum class rule_type : int { path_beneath = 1, net_port = 2 };

inline constexpr std::uint32_t create_ruleset_version = 1;

// The system call for the calling thread: -1 and errno.
int restrict_self(int ruleset);

// --- The arguments of Lua's landlock_create_ruleset, _add_rule and _restrict_self

// What differs between the functions of `system` and those of table `C`. All raise.
struct argument_style {
    // The argument at `position` is wrong: `text`.
    void (*bad_argument)(lua_State* L, int position, const char* text);
    // A member of a table is: `text`.
    void (*bad_member)(lua_State* L, const char* text);
    // The descriptor of the ruleset at `index`.
    int (*ruleset)(lua_State* L, int index);
    // The descriptor of the member `parent_fd` at `index`.
    int (*parent)(lua_State* L, int index);
};

struct create_ruleset_arguments {
    bool has_attr = false;
    ruleset_attr attr;
    std::uint32_t flags = 0;

    // What the kernel returns is the ABI number, not a descriptor.
    bool asks_version() const { return flags & create_ruleset_version; }
    int call() const; // the system call: -1 and errno
};

struct add_rule_arguments {
    int ruleset = -1;
    rule_type type = rule_type::path_beneath;
    std::uint64_t allowed_access = 0;
    int parent_fd = -1;
    std::uint64_t port = 0;

    int call() const; // likewise
};

create_ruleset_arguments read_create_ruleset(lua_State* L, const argument_style& style);
add_rule_arguments read_add_rule(lua_State* L, const argument_style& style);
// The ruleset.
int read_restrict_self(lua_State* L, const argument_style& style);

} // namespace emilua::landlock
