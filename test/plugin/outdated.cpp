// A plugin built for another version of the runtime.
#include "emilua/plugin.hpp"

#undef EMILUA_VERSION_PATCH
#define EMILUA_VERSION_PATCH 9999

namespace {

class outdated final : public emilua::plugin {};

} // namespace

EMILUA_PLUGIN(outdated)
