#include "filesystem/path.hpp"

#include "core/class.hpp"

namespace emilua {

namespace {

int path_tostring(lua_State* L)
{
    const std::string& text = check<path>(L, 1).value.native();
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

} // namespace

void register_path(lua_State* L)
{
    class_<path>{L, "filesystem.path"}.metamethod("__tostring", fn<path_tostring>);
}

void push_path_constructors(lua_State* L)
{
    lua_newtable(L);
}

} // namespace emilua
