---@meta condition_variable
-- Manual: doc/reference/condition_variable.adoc

---@class condition_variable
local condition_variable = {}

---@return condition_variable
function condition_variable.new() end

---Unlocks `m`, suspends until notified, locks `m` again.
---@param m mutex
function condition_variable:wait(m) end

function condition_variable:notify_one() end

function condition_variable:notify_all() end

return condition_variable
