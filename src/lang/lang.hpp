// What Lua itself gets in every VM: the table of globals and how it is filled.
#pragma once

#include <lua.hpp>

namespace emilua {

class fiber;
class vm;

// Registers everything that a VM's modules share: classes of errors, built-in names, the module loader.
// Raises Lua errors (out of memory): call it protected.
void open_language(vm& v);

// Pushes a fresh global table with the built-in names and _G. The caller adds _FILE and _CONTEXT.
void push_new_globals(lua_State* L);

// One opener a file: each pushes or sets what its name says. See environment.cpp.
void set_protected_calls(lua_State* L); // pcall xpcall scope* and coroutine.*, into the table on top
void set_spawn(lua_State* L);           // spawn
void set_this_fiber(lua_State* L);      // this_fiber
void set_print(lua_State* L);           // print
void set_checked_callers(lua_State* L); // library functions that call back, with a check of the C stack
void set_finalizers(lua_State* L);       // newproxy, collectgarbage
void set_require(lua_State* L);         // require
void set_format(lua_State* L);          // format

// The running fiber. Raises a string error if there is none: in finalizers while the VM closes.
fiber& running_fiber(lua_State* L);

// this_fiber.disable_interruption(), .restore_interruption(); adapt with fn<>.
int disable_interruption(lua_State* L);
int restore_interruption(lua_State* L);

// debug.getmetatable(), which sees the metatable of every value and is known to the JIT compiler. Not for
// programs.
void push_debug_getmetatable(lua_State* L);

int open_generic_error(lua_State* L);
int open_asio_error(lua_State* L);
int open_ffi(lua_State* L);
// From now on finalizers of the program may run: their errors are caught, suspending in them is refused.
void guard_finalizers(lua_State* L);
// The table of FFI for Lua code of ours, out of reach of programs.
void push_ffi(lua_State* L);

} // namespace emilua
