// A plugin that needs a function which nobody has.
#include "emilua/plugin.hpp"

namespace emilua_test {
void nobody_has_this();
}

namespace {

class unresolved final : public emilua::plugin {
    void init_process() noexcept override { emilua_test::nobody_has_this(); }
};

} // namespace

EMILUA_PLUGIN(unresolved)
