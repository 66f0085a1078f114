// A change of the state of the whole process, as a value: it is applied to the program and then to the fork
// server, so that subprocess actors never start with more rights than the program has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <span>

namespace emilua {

class runtime;

struct process_change {
    enum class kind : std::uint8_t {
        working_directory, // fd
        root,              // payload: the path with its 0, or else fd
        resuid,            // number: real, effective, saved; -1 keeps
        resgid,            // the same
        groups,            // payload: an array of gid_t
        capabilities,      // number: capability::bits
        drop_bound,        // number[0]: the capability
        set_ambient,       // number[0]: the capability, [1]: its value
        reset_ambient,
        securebits, // number[0]
        no_new_privs,
        seccomp_filter, // payload: the program
        landlock,       // fd: the ruleset
    };

    kind what;
    std::array<std::int64_t, 3> number{};
    std::span<const std::byte> payload{};
    int fd = -1;
};

enum class threads { one, all };

// 0 or errno: then nothing has changed. `one` is for a process of one thread: it allocates nothing and does
// nothing but system calls.
int apply(const process_change& change, threads which);

// Applies the change to the program, then to the fork server. 0 or errno: then nothing has changed. If the
// fork server cannot follow, the process ends with status 1.
int change_process(runtime& rt, const process_change& change);

// The same; raises the errno, in category `system`.
void change_process(lua_State* L, const process_change& change);

} // namespace emilua
