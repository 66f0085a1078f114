#include "lang/plugin.hpp"

#include "core/context.hpp"
#include "core/vm.hpp"
#include "emilua/plugin.hpp"
#include "lang/module_name.hpp"

#include <algorithm>
#include <cerrno>
#include <dlfcn.h>
#include <fstream>
#include <map>
#include <optional>
#include <unordered_set>

#define STRING_OF(TOKEN) #TOKEN
#define EXPANDED_STRING_OF(TOKEN) STRING_OF(TOKEN)

namespace emilua {

namespace {

constexpr const char* symbol = EXPANDED_STRING_OF(EMILUA_PLUGIN_SYMBOL);

struct library {
    plugin* object;
    std::vector<const library*> dependencies;
};

// The names in file NAME.deps, one a line; none if there is no file, no value if there is a bad one.
std::optional<std::vector<std::string>> read_dependencies(const std::string& file)
{
    std::vector<std::string> result;
    errno = 0;
    std::ifstream in{file};
    if (!in)
        return errno == ENOENT ? std::optional{result} : std::nullopt;
    for (std::string line; std::getline(in, line);) {
        line.erase(0, line.find_first_not_of(" \t"));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (line.empty())
            continue;
        module_name name;
        if (!parse_module_name(line, name) || name.kind != module_kind::package)
            return std::nullopt;
        result.push_back(std::move(line));
    }
    if (in.bad())
        return std::nullopt;
    return result;
}

// The plugins of the process. They stay: VMs have pointers into their code.
class library_table {
public:
    // Null if it or one that it depends on does not load.
    const library* load(const std::string& directory, const std::string& name)
    {
        std::lock_guard lock{mutex_};
        std::vector<std::string> loading;
        return load(directory, name, loading);
    }

private:
    // `loading`: files of those that wait for this one.
    const library* load(const std::string& directory, const std::string& name,
                        std::vector<std::string>& loading)
    {
        std::string file = join(directory, "lib" + name + ".so");
        if (auto it = libraries_.find(file); it != libraries_.end())
            return &it->second;
        if (std::find(loading.begin(), loading.end(), file) != loading.end())
            return nullptr; // a cycle
        loading.push_back(file);
        std::optional<library> result = open(file, directory, name, loading);
        loading.pop_back();
        return result ? &libraries_.emplace(file, std::move(*result)).first->second : nullptr;
    }

    std::optional<library> open(const std::string& file, const std::string& directory,
                                const std::string& name, std::vector<std::string>& loading)
    {
        auto names = read_dependencies(join(directory, name + ".deps"));
        if (!names)
            return std::nullopt;
        library result;
        for (const std::string& dependency : *names) {
            const library* loaded = load(directory, dependency, loading);
            if (!loaded)
                return std::nullopt;
            result.dependencies.push_back(loaded);
        }
        void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            return std::nullopt;
        auto* exported = static_cast<plugin**>(dlsym(handle, symbol));
        if (!exported) {
            dlclose(handle);
            return std::nullopt;
        }
        result.object = *exported;
        // Through a link or another directory it may be there already.
        if (initialized_.insert(result.object).second)
            result.object->init_process();
        return result;
    }

    std::mutex mutex_;
    std::map<std::string, library> libraries_; // by file
    std::unordered_set<plugin*> initialized_;
};

library_table& libraries()
{
    static auto& table = *new library_table;
    return table;
}

error_code init_context(const library& l, context& c)
{
    for (const library* dependency : l.dependencies) {
        if (error_code ec = init_context(*dependency, c))
            return ec;
    }
    if (c.plugins.contains(l.object))
        return {};
    error_code ec = l.object->init_context(c.io);
    if (!ec)
        c.plugins.insert(l.object);
    return ec;
}

error_code init_context_locked(const library& l, context& c)
{
    std::lock_guard lock{c.plugins_mutex};
    return init_context(l, c);
}

} // namespace

bool require_plugin(lua_State* L, const std::string& directory, const std::string& name)
{
    const library* l = libraries().load(directory, name);
    if (!l)
        return false;
    int top = lua_gettop(L);
    error_code ec = init_context_locked(*l, vm::of(L).ctx());
    if (!ec)
        ec = l->object->init_module(L);
    if (ec)
        raise(L, ec, {{"module", name}});
    lua_settop(L, top + 1);
    return true;
}

} // namespace emilua
