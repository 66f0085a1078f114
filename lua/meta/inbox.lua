---@meta inbox

---Messages to this VM. Sending the inbox to another VM gives that one a channel to here.
---@class inbox
local inbox = {}

---Suspends until there is a message. Raises `no_senders` if nobody could ever send one.
---@return any
function inbox:receive() end

---Fails all queued and later sends.
function inbox:close() end

return inbox
