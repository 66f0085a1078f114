// The module loader of a VM: from names to running modules (01 §3).
#pragma once

#include "core/vm.hpp"
#include "emilua/start_error.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

namespace emilua {

struct module_name;

// What a VM knows of a module that it has started. Lives as long as the VM.
struct module_info {
    enum class state { evaluating, failed, loaded };

    std::string file;        // absolute path: its identity
    std::string import_root; // directory
    std::string context;     // _CONTEXT
    bool leaf = false;
    bool package = false;
    state status = state::evaluating;
    int exports = LUA_NOREF;
};

class loader {
public:
    static loader& of(lua_State* L);

    // require(id): pushes the module's value. Suspends while a Lua module is evaluated.
    void require(lua_State* L, std::string_view id);

    // The module that contains the Lua function which called the running C function; null if not known.
    const module_info* importer(lua_State* L) const;

    // The file of the entry module of a worker (03 §1.1), described by `id` as seen from `from`. Raises.
    module_info resolve_worker(lua_State* L, const module_info& from, std::string_view id) const;

    // Compiles the entry module and makes the main fiber. Throws start_error.
    void load_entry(lua_State* L, module_info entry);

    // The main fiber has ended: nobody can import any more, so modules live no longer than the program refers
    // to them.
    void release_exports(lua_State* L);

private:
    struct candidate {
        std::string file;
        bool leaf;
        bool turtle;
    };

    bool importer_on(lua_State* L, int level, const module_info*& result) const;
    std::string base_directory(lua_State* L, const module_info& from, const module_name& name) const;
    bool find(lua_State* L, std::string_view directory, std::string_view name, candidate& result,
              const char* package) const;
    error_code import_turtle(lua_State* L, const std::string& file);
    void import_file(lua_State* L, module_info info);
    void import_package(lua_State* L, const std::string& name);
    void compile(lua_State* L, const module_info& info);
    module_info& remember(module_info info);

    std::unordered_map<std::string, module_info> modules_; // by file; nodes do not move
    std::unordered_map<std::string, int> turtle_;          // by file -> reference
    std::unordered_map<std::string, int> packages_;        // core modules and plugins: name -> reference
};

void register_loader(lua_State* L);

} // namespace emilua
