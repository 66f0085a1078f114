#include "lang/plugin.hpp"
namespace emilua {
bool require_plugin(lua_State*, const std::string&, const std::string&)
{
    return false;
}
} // namespace emilua
