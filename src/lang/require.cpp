#include "lang/require.hpp"

#include "core/class.hpp"
#include "core/embedded.hpp"
#include "core/runtime.hpp"
#include "emilua_config.h"
#include "filesystem/path.hpp"
#include "lang/core_modules.hpp"
#include "lang/coroutine.hpp"
#include "lang/lang.hpp"
#include "lang/module_name.hpp"
#include "lang/plugin.hpp"
#include "lang/source.hpp"
#include "lang/turtle.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <utility>

namespace emilua {

namespace {

// Address: key of the registry for the loader.
const char loader_key = 0;

error_code system_error_code(int error)
{
    return {error, boost::system::system_category()};
}

} // namespace

void register_loader(lua_State* L)
{
    class_<loader>{L, "loader"};
    lua_pushlightuserdata(L, const_cast<char*>(&loader_key));
    push<loader>(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

loader& loader::of(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&loader_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    auto& self = *static_cast<loader*>(lua_touserdata(L, -1));
    lua_pop(L, 1);
    return self;
}

// The module of the innermost Lua function of a program on the stack of `L`, from `level` on. False: none
// there.
bool loader::importer_on(lua_State* L, int level, const module_info*& result) const
{
    lua_Debug ar;
    for (; lua_getstack(L, level, &ar); ++level) {
        lua_getinfo(L, "f", &ar);
        if (lua_iscfunction(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        lua_getfenv(L, -1);
        push_library(L); // of the runtime's own functions
        bool ours = lua_rawequal(L, -1, -2);
        lua_pop(L, 1);
        if (ours) {
            lua_pop(L, 2);
            continue;
        }
        lua_pushliteral(L, "_FILE");
        lua_rawget(L, -2);
        auto* file = test<path>(L, -1);
        auto it = file ? modules_.find(file->value.native()) : modules_.end();
        lua_pop(L, 3);
        result = it == modules_.end() ? nullptr : &it->second;
        return true;
    }
    return false;
}

const module_info* loader::importer(lua_State* L) const
{
    const module_info* result = nullptr;
    bool found = importer_on(L, 1, result);
    // A user coroutine whose body is a function of the runtime: whoever resumed it.
    fiber* f = vm::of(L).current();
    for (auto* frame = f ? f->coroutines : nullptr; frame && !found; frame = frame->outer)
        found = importer_on(frame->outer ? frame->outer->co : f->L, 0, result);
    return result;
}

module_info& loader::remember(module_info info)
{
    std::string file = info.file;
    return modules_.insert_or_assign(std::move(file), std::move(info)).first->second;
}

// The directory that a relative or root name starts from. Raises when a rule of §3.4 forbids it.
std::string loader::base_directory(lua_State* L, const module_info& from, const module_name& name) const
{
    if (name.kind == module_kind::root)
        return from.import_root;
    int parents = name.parents;
    if (from.leaf) {
        // A leaf owns no directory: its children have no place, its "parent" is the directory it lies in.
        if (parents == 0)
            raise(L, core_errc::leaf_cannot_import_child);
        --parents;
    }
    std::string directory = directory_of(from.file);
    for (; parents > 0; --parents) {
        if (directory == from.import_root || directory == "/")
            raise(L, core_errc::root_cannot_import_parent);
        directory = directory_of(directory);
    }
    return directory;
}

// Looks for NAME.lua, NAME/init.lua, NAME.ttl. Raises for a file that exists but cannot be looked at.
bool loader::find(lua_State* L, std::string_view directory, std::string_view name, candidate& result,
                  const char* package) const
{
    const struct {
        const char* suffix;
        bool leaf;
        bool turtle;
    } forms[] = {{".lua", true, false}, {"/init.lua", false, false}, {".ttl", true, true}};
    for (auto& form : forms) {
        std::string file = join(directory, name) + form.suffix;
        struct stat st;
        if (!vm::of(L).rt().sources.get(file) && stat(file.c_str(), &st) != 0) {
            if (errno == ENOENT || errno == ENOTDIR)
                continue;
            error_code ec = system_error_code(errno);
            if (package)
                raise(L, ec, {{"module", package}});
            raise(L, ec);
        }
        result = {std::move(file), form.leaf, form.turtle};
        return true;
    }
    return false;
}

// Pushes the chunk. Raises what the compiler or the operating system says.
void loader::compile(lua_State* L, const module_info& info)
{
    check_c_stack(L, parser_reserve);
    error_code ec;
    auto source = read_source(vm::of(L).rt(), info.file, ec);
    if (ec) {
        if (info.package)
            raise(L, ec, {{"module", info.context}});
        raise(L, ec);
    }
    std::string_view text = lua_part(*source);
    if (luaL_loadbuffer(L, text.data(), text.size(), ("@" + info.file).c_str()) != 0)
        lua_error(L);
}

// Gives the chunk on top of the stack the globals of a new module.
static void set_module_environment(lua_State* L, const module_info& info)
{
    push_new_globals(L);
    push<path>(L, path{info.file});
    lua_setfield(L, -2, "_FILE");
    lua_pushlstring(L, info.context.data(), info.context.size());
    lua_setfield(L, -2, "_CONTEXT");
    lua_setfenv(L, -2);
}

// Makes a main fiber of the chunk on top of the stack (popped), with the chunk's globals as its thread
// environment.
static fiber& spawn_module(lua_State* L)
{
    lua_getfenv(L, -1);
    lua_insert(L, -2);
    fiber& f = vm::of(L).spawn_main(L);
    lua_xmove(L, f.L, 1);
    lua_replace(f.L, LUA_GLOBALSINDEX);
    return f;
}

void loader::import_file(lua_State* L, module_info info)
{
    if (auto it = modules_.find(info.file); it != modules_.end()) {
        module_info& known = it->second;
        if (known.status == module_info::state::loaded) {
            lua_rawgeti(L, LUA_REGISTRYINDEX, known.exports);
            return;
        }
        if (info.package)
            raise(L, core_errc::cyclic_import, {{"module", info.context}});
        raise(L, core_errc::cyclic_import);
    }
    if (in_finalizer(L))
        raise(L, core_errc::forbid_suspend_block);
    compile(L, info);
    if (info.package)
        info.context.clear();
    set_module_environment(L, info);
    vm& v = vm::of(L);
    fiber& importer = *v.current();
    fiber& f = spawn_module(L);
    module_info& m = remember(std::move(info));
    fiber_handle evaluation;
    f.handle = &evaluation;
    f.locals_of = importer.locals_of;
    evaluation.target = &f;
    evaluation.joiner = &importer;
    v.park({wait_kind::import, &evaluation, nullptr});

    // The error, if any, is the importer's from here: nobody reports it.
    bool failed = evaluation.end != fiber_handle::outcome::returned;
    evaluation.end = fiber_handle::outcome::returned;
    m.status = failed ? module_info::state::failed : module_info::state::loaded;
    lua_State* results = evaluation.results;
    if (failed) {
        lua_xmove(results, L, 1);
        lua_error(L);
    }
    lua_pushvalue(results, LUA_GLOBALSINDEX);
    lua_xmove(results, L, 1);
    lua_pushvalue(L, -1);
    m.exports = luaL_ref(L, LUA_REGISTRYINDEX);
}

error_code loader::import_turtle(lua_State* L, const std::string& file)
{
    if (auto it = turtle_.find(file); it != turtle_.end()) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, it->second);
        return {};
    }
    error_code ec = push_turtle_module(L, file);
    if (!ec) {
        lua_pushvalue(L, -1);
        turtle_[file] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    return ec;
}

void loader::import_package(lua_State* L, const std::string& name)
{
    if (auto it = packages_.find(name); it != packages_.end()) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, it->second);
        return;
    }
    bool found = false;
    if (lua_CFunction open = core_module(name)) {
        lua_pushcfunction(L, open);
        lua_call(L, 0, 1);
        found = true;
    } else {
        for (const std::string& directory : vm::of(L).rt().package_directories) {
            candidate file;
            if (find(L, directory, name, file, name.c_str())) {
                if (!file.turtle) {
                    // compile() and cyclic_import name the package: it travels in `context` until then.
                    import_file(L, {file.file, directory, name, file.leaf, true});
                    return;
                }
                // A file that is no error category is not a module of this name; one that can't be read is.
                error_code ec = import_turtle(L, file.file);
                if (!ec)
                    return;
                if (ec.category() != core_category())
                    raise(L, ec, {{"module", name}});
            }
            if (EMILUA_PLUGINS && require_plugin(L, directory, name)) {
                found = true;
                break;
            }
        }
    }
    if (!found)
        raise(L, core_errc::module_not_found, {{"module", name}});
    lua_pushvalue(L, -1);
    packages_[name] = luaL_ref(L, LUA_REGISTRYINDEX);
}

void loader::require(lua_State* L, std::string_view id)
{
    const module_info* from = importer(L);
    if (!from)
        raise(L, core_errc::current_module_not_known);
    fiber* f = vm::of(L).current();
    if (!f->is_main)
        raise(L, core_errc::only_main_fiber_may_import);
    module_name name;
    if (!parse_module_name(id, name))
        raise(L, core_errc::invalid_module_name, {{"module", id}});
    if (name.kind == module_kind::package) {
        import_package(L, name.rest);
        return;
    }
    candidate file;
    if (!find(L, base_directory(L, *from, name), name.rest, file, nullptr))
        raise(L, core_errc::module_not_found, {{"module", id}});
    if (file.turtle) {
        if (error_code ec = import_turtle(L, file.file))
            raise(L, ec);
        return;
    }
    import_file(L, {file.file, from->import_root, from->context == "test" ? "test" : "", file.leaf});
}

module_info loader::resolve_worker(lua_State* L, const module_info& from, std::string_view id) const
{
    std::string file = from.file;
    if (id != ".") {
        module_name name;
        if (!parse_module_name(id, name) || name.kind == module_kind::package) {
            if (id.starts_with("./"))
                id.remove_prefix(2);
            raise(L, core_errc::invalid_module_name, {{"module", id}});
        }
        candidate found;
        if (!find(L, base_directory(L, from, name), name.rest, found, nullptr) || found.turtle) {
            std::string_view last = name.rest;
            last.remove_prefix(last.rfind('/') + 1);
            raise(L, core_errc::module_not_found, {{"module", last}});
        }
        file = std::move(found.file);
    }
    bool leaf = !file.ends_with("/init.lua");
    return {std::move(file), from.import_root, "worker", leaf};
}

void loader::release_exports(lua_State* L)
{
    for (auto& [name, ref] : packages_)
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
    packages_.clear();
    for (auto& [file, ref] : turtle_)
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
    turtle_.clear();
    for (auto& [file, module] : modules_)
        luaL_unref(L, LUA_REGISTRYINDEX, std::exchange(module.exports, LUA_NOREF));
}

void loader::load_entry(lua_State* L, module_info entry)
{
    vm& v = vm::of(L);
    error_code ec;
    auto source = read_source(v.rt(), entry.file, ec);
    if (ec)
        throw start_error{ec, entry.file + ": " + ec.message()};
    std::string_view text = lua_part(*source);
    int status = luaL_loadbuffer(L, text.data(), text.size(), ("@" + entry.file).c_str());
    if (status != 0) {
        error_code lua_error{status, lua_category()};
        std::string message = panic_message(L, -1);
        throw start_error{lua_error, message + ": " + lua_error.message()};
    }
    set_module_environment(L, entry);
    spawn_module(L);
    remember(std::move(entry));
}

static int require(lua_State* L)
{
    luaL_argcheck(
        L, lua_type(L, 1) == LUA_TSTRING, 1,
        lua_pushfstring(L, "string expected, got %s", lua_isnone(L, 1) ? "no value" : luaL_typename(L, 1)));
    if (!vm::of(L).current()) // a finalizer of a closing VM: the loader may be finalized already
        raise(L, core_errc::only_main_fiber_may_import);
    std::size_t size;
    const char* id = lua_tolstring(L, 1, &size);
    lua_settop(L, 1);
    loader::of(L).require(L, {id, size});
    return 1;
}

void set_require(lua_State* L)
{
    register_path(L);
    register_loader(L);
    set_functions(L, {{"require", fn<require>}});
}

} // namespace emilua
