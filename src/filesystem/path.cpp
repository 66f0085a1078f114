#include "filesystem/path.hpp"

#include "core/class.hpp"

#include <new>
#include <string_view>
#include <utility>

namespace emilua {

namespace {

using fs_path = std::filesystem::path;

// The class of the object filesystem.path.
struct path_constructors {};

void push_string(lua_State* L, std::string_view text)
{
    lua_pushlstring(L, text.data(), text.size());
}

int push_path(lua_State* L, fs_path value)
{
    push<path>(L, path{std::move(value)});
    return 1;
}

const fs_path& self(lua_State* L)
{
    return check<path>(L, 1).value;
}

// Numbers are no strings here.
fs_path check_string(lua_State* L, int index, fs_path::format format)
{
    if (lua_type(L, index) != LUA_TSTRING)
        raise_invalid_argument(L, index);
    std::size_t size;
    const char* text = lua_tolstring(L, index, &size);
    return {std::string_view{text, size}, format};
}

fs_path check_operand(lua_State* L, int index)
{
    if (auto* p = test<path>(L, index))
        return p->value;
    return check_string(L, index, fs_path::native_format);
}

// --- Constructors

int new_path(lua_State* L)
{
    return push_path(L, lua_isnoneornil(L, 1) ? fs_path{} : check_string(L, 1, fs_path::native_format));
}

int from_generic(lua_State* L)
{
    return push_path(L, check_string(L, 1, fs_path::generic_format));
}

// --- Methods

int to_generic(lua_State* L)
{
    push_string(L, self(L).generic_string());
    return 1;
}

int make_preferred(lua_State* L)
{
    return push_path(L, fs_path{self(L)}.make_preferred());
}

int remove_filename(lua_State* L)
{
    return push_path(L, fs_path{self(L)}.remove_filename());
}

int replace_filename(lua_State* L)
{
    fs_path result = self(L);
    return push_path(L, result.replace_filename(check_operand(L, 2)));
}

int replace_extension(lua_State* L)
{
    fs_path result = self(L);
    return push_path(L, result.replace_extension(lua_isnoneornil(L, 2) ? fs_path{} : check_operand(L, 2)));
}

int lexically_normal(lua_State* L)
{
    return push_path(L, self(L).lexically_normal());
}

int lexically_relative(lua_State* L)
{
    const fs_path& p = self(L);
    return push_path(L, p.lexically_relative(check_operand(L, 2)));
}

int lexically_proximate(lua_State* L)
{
    const fs_path& p = self(L);
    return push_path(L, p.lexically_proximate(check_operand(L, 2)));
}

// What iterator() returns: upvalues path, position.
int next_component(lua_State* L)
{
    const fs_path& p = check<path>(L, lua_upvalueindex(1)).value;
    auto& position = *static_cast<fs_path::const_iterator*>(lua_touserdata(L, lua_upvalueindex(2)));
    if (position == p.end())
        return 0;
    push_string(L, position->native());
    ++position;
    return 1;
}

int iterator(lua_State* L)
{
    const fs_path& p = self(L);
    lua_pushvalue(L, 1);
    static_assert(std::is_trivially_destructible_v<fs_path::const_iterator>, "it has no metatable");
    new (lua_newuserdata(L, sizeof(fs_path::const_iterator))) fs_path::const_iterator{p.begin()};
    lua_pushcclosure(L, fn<next_component>, 2);
    return 1;
}

// --- Properties: one function template for each type of value

template <auto Part>
int get_string(lua_State* L)
{
    push_string(L, (self(L).*Part)().native());
    return 1;
}

template <auto Part>
int get_path(lua_State* L)
{
    return push_path(L, (self(L).*Part)());
}

template <auto Question>
int get_boolean(lua_State* L)
{
    lua_pushboolean(L, (self(L).*Question)());
    return 1;
}

// --- Operators

int path_join(lua_State* L)
{
    fs_path left = check_operand(L, 1);
    return push_path(L, left / check_operand(L, 2));
}

int path_concat(lua_State* L)
{
    fs_path left = check_operand(L, 1);
    return push_path(L, left.native() + check_operand(L, 2).native());
}

// Comparisons: Lua calls them with two paths only.

int path_eq(lua_State* L)
{
    lua_pushboolean(L, self(L) == check<path>(L, 2).value);
    return 1;
}

int path_lt(lua_State* L)
{
    lua_pushboolean(L, self(L) < check<path>(L, 2).value);
    return 1;
}

int path_le(lua_State* L)
{
    lua_pushboolean(L, self(L) <= check<path>(L, 2).value);
    return 1;
}

int path_tostring(lua_State* L)
{
    push_string(L, self(L).native());
    return 1;
}

// The first __index of the class; what it sets takes its place.
int open_members(lua_State* L)
{
    class_<path>{L, "filesystem.path"}
        .method("to_generic", fn<to_generic>)
        .method("iterator", fn<iterator>)
        .method("make_preferred", fn<make_preferred>)
        .method("remove_filename", fn<remove_filename>)
        .method("replace_filename", fn<replace_filename>)
        .method("replace_extension", fn<replace_extension>)
        .method("lexically_normal", fn<lexically_normal>)
        .method("lexically_relative", fn<lexically_relative>)
        .method("lexically_proximate", fn<lexically_proximate>)
        .property("root_name", fn<get_string<&fs_path::root_name>>)
        .property("root_directory", fn<get_string<&fs_path::root_directory>>)
        .property("filename", fn<get_string<&fs_path::filename>>)
        .property("stem", fn<get_string<&fs_path::stem>>)
        .property("extension", fn<get_string<&fs_path::extension>>)
        .property("root_path", fn<get_path<&fs_path::root_path>>)
        .property("relative_path", fn<get_path<&fs_path::relative_path>>)
        .property("parent_path", fn<get_path<&fs_path::parent_path>>)
        .property("empty", fn<get_boolean<&fs_path::empty>>)
        .property("has_root_path", fn<get_boolean<&fs_path::has_root_path>>)
        .property("has_root_name", fn<get_boolean<&fs_path::has_root_name>>)
        .property("has_root_directory", fn<get_boolean<&fs_path::has_root_directory>>)
        .property("has_relative_path", fn<get_boolean<&fs_path::has_relative_path>>)
        .property("has_parent_path", fn<get_boolean<&fs_path::has_parent_path>>)
        .property("has_filename", fn<get_boolean<&fs_path::has_filename>>)
        .property("has_stem", fn<get_boolean<&fs_path::has_stem>>)
        .property("has_extension", fn<get_boolean<&fs_path::has_extension>>)
        .property("is_absolute", fn<get_boolean<&fs_path::is_absolute>>)
        .property("is_relative", fn<get_boolean<&fs_path::is_relative>>);
    lua_gettable(L, 1);
    return 1;
}

} // namespace

void register_path(lua_State* L)
{
    // Every module has one, as _FILE, and few look into it: members are made when the first is asked for.
    class_<path>{L, "filesystem.path"}
        .metamethod("__index", fn<open_members>)
        .metamethod("__div", fn<path_join>)
        .metamethod("__concat", fn<path_concat>)
        .metamethod("__eq", fn<path_eq>)
        .metamethod("__lt", fn<path_lt>)
        .metamethod("__le", fn<path_le>)
        .metamethod("__tostring", fn<path_tostring>);
}

void push_path_constructors(lua_State* L)
{
    {
        class_<path_constructors> constructors{L, "filesystem.path"};
        constructors.method("new", fn<new_path>).method("from_generic", fn<from_generic>);
        const char separator = fs_path::preferred_separator;
        push_string(L, {&separator, 1});
        constructors.method("preferred_separator");
    }
    push<path_constructors>(L);
}

} // namespace emilua
