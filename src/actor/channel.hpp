// The Lua objects of in-process actors: channels and the inbox (03 §2, §3).
#pragma once

#include "actor/mailbox.hpp"

#include <lua.hpp>
#include <memory>

namespace emilua {

// Registers channels in a new VM and gives it its mailbox.
void register_channels(lua_State* L);

// Pushes a channel to `target`.
void push_channel(lua_State* L, address target);

// The mailbox that an open channel or the inbox at `index` stands for; else null.
const std::shared_ptr<mailbox>* addressable(lua_State* L, int index);

// require 'inbox'
int open_inbox(lua_State* L);

} // namespace emilua
