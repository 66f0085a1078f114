// filesystem.path: immutable path text, std::filesystem::path seen from Lua (06 §2).
#pragma once

#include <filesystem>
#include <lua.hpp>

namespace emilua {

struct path {
    std::filesystem::path value;
};

// Registers the class in a new VM: _FILE is one.
void register_path(lua_State* L);
// Pushes the object filesystem.path: the constructors. Once a VM.
void push_path_constructors(lua_State* L);

} // namespace emilua
