// A plugin without Lua module.
#include "emilua/plugin.hpp"

namespace {

class service final : public emilua::plugin {};

} // namespace

EMILUA_PLUGIN(service)
