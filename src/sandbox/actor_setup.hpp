// What the creator of a subprocess actor tells the new process, over a socket of their own: module,
// environment and script never pass through the fork server (03 §8).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace emilua {

enum class stdio_kind : std::uint8_t {
    closed, // a pipe without another end
    shared, // the creator's
    given,  // a descriptor of the message
};

// Followed by `environment_size` bytes (name NUL value NUL ...), the name of the module, the script. With the
// header come descriptors: the actor's inbox, the given ones of 0-2, the script's argument.
struct actor_setup {
    std::size_t environment_size;
    std::size_t module_size;
    std::size_t script_size;
    std::array<stdio_kind, 3> stdio;
    bool has_script;
    bool has_argument;
    bool single; // concurrency_hint = 1
    bool colors; // the creator's reports on the shared stderr have them
    bool debug;  // the creator wants to know where its script failed

    std::size_t size() const { return environment_size + module_size + script_size; }
};

inline constexpr std::size_t actor_descriptor_limit = 5;
inline constexpr int inbox_descriptor = 3;

} // namespace emilua
