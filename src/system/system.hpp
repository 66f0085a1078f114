// Module `system` (07).
#pragma once

#include <lua.hpp>

namespace emilua {

class class_builder;

int open_system(lua_State* L);

// system.exit([code[, opts]]) (07 §5)
int system_exit(lua_State* L);

// Push the tables system.in_, system.out, system.err (07 §4).
void push_standard_input(lua_State* L);
void push_standard_output(lua_State* L, int fd);

// Add the members of the module.
void add_identity(class_builder& c);                   // 07 §7
void add_capabilities(lua_State* L, class_builder& c); // 07 §8
void add_confinement(class_builder& c);                // 07 §9
void add_spawn(lua_State* L, class_builder& c);        // 07 §10
void add_jails(class_builder& c);                      // 07 §13
// Pushes the table system.signal (07 §6).
void push_signal(lua_State* L);

// Raises EPERM unless the VM is the master: only that one may change the state of the process.
void check_master(lua_State* L);

} // namespace emilua
