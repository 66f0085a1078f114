#include "lang/turtle.hpp"
namespace emilua {
error_code push_turtle_module(lua_State*, const std::string&)
{
    return core_errc::bad_rdf;
}
} // namespace emilua
