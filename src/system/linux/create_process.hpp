// Starting a program in a new process.
//
// The child borrows the parent's memory and stops the calling thread until it has executed the program
// (CLONE_VM | CLONE_VFORK): the cost does not depend on how much memory the parent uses. So all that needs
// memory is prepared by the parent, and the child makes nothing but raw system calls.
//
// Plain functions over the kernel; they know no VM.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace emilua {

// What the child does before the program runs (07 §10.5). Descriptors are borrowed; -1: none.
struct process_plan {
    // The program: a descriptor, or the first of these files that can be executed.
    int program_fd = -1;
    std::vector<std::string> program_files;
    bool runs_scripts = false; // a file of no known format is given to /bin/sh
    std::vector<std::string> arguments;
    std::vector<std::string> environment; // NAME=VALUE

    // Descriptors of the child by their numbers there.
    struct descriptor {
        enum kind : std::uint8_t {
            closed, // in the child
            given,
            broken_pipe, // one end; nobody has the other
        } what = closed;
        int fd = -1;
    };
    static constexpr int max_descriptors = 10;
    std::array<descriptor, max_descriptors> descriptors;

    std::optional<int> scheduler_policy; // with SCHED_RESET_ON_FORK if wanted
    std::optional<int> scheduler_priority;
    bool new_session = false;
    std::optional<pid_t> process_group;
    int controlling_terminal = -1;
    int foreground_terminal = -1;
    struct ids {
        std::uint32_t real = UINT32_MAX; // UINT32_MAX: keep
        std::uint32_t effective = UINT32_MAX;

        bool operator==(const ids&) const = default;
    };
    ids user, group;
    std::optional<std::vector<gid_t>> groups;
    bool no_new_privileges = false;
    std::vector<std::byte> seccomp_filter; // empty: none
    int landlock_ruleset = -1;
    std::optional<mode_t> umask;
    std::optional<std::string> working_directory;
    int working_directory_fd = -1;
    std::optional<int> parent_death_signal;
    struct {
        int user = -1, mount = -1, uts = -1, ipc = -1, net = -1;
    } namespaces;
};

struct created_process {
    int error = 0;              // errno
    const char* step = nullptr; // what failed
    pid_t pid = -1;
    int pidfd = -1; // the caller's; close-on-exec
};

// Returns when the child has executed the program, or has ended and was reaped because a step failed.
created_process create_process(const process_plan& plan);

} // namespace emilua
