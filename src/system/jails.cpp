// Jails are FreeBSD's (07 §13): the functions exist everywhere.
#include "core/class.hpp"
#include "system/system.hpp"

namespace emilua {

namespace {

int no_jails(lua_State* L)
{
    raise(L, errc::function_not_supported);
}

} // namespace

void add_jails(class_builder& c)
{
    for (const char* name : {"jail_set", "jail_get", "jail_remove", "jailparam_all"})
        c.method(name, fn<no_jails>);
}

} // namespace emilua
