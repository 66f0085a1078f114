#include "filesystem/filesystem.hpp"

#include "core/class.hpp"
#include "filesystem/path.hpp"

namespace emilua {

namespace {

// The class of the module's only object: it is a userdata (06 §1.4).
struct filesystem_module {};

} // namespace

int open_filesystem(lua_State* L)
{
    {
        class_<filesystem_module> members{L, "filesystem"};
        push_path_constructors(L);
        members.method("path");
        add_process_state(members);
    }
    push<filesystem_module>(L);
    return 1;
}

} // namespace emilua
