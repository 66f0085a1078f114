// require 'generic_error': POSIX errors by name (01 §4.6).
#include "lang/lang.hpp"
#include "lang/named_errors.hpp"

namespace emilua {

int open_generic_error(lua_State* L)
{
    push_named_errors(L, "generic_error", boost::system::generic_category(), generic_errors());
    return 1;
}

} // namespace emilua
