---@meta mutex
-- Manual: doc/reference/mutex.adoc

---@class mutex
local mutex = {}

---@return mutex
function mutex.new() end

---Suspends while it is locked. No interruption point.
function mutex:lock() end

---Does not suspend.
---@return boolean
function mutex:try_lock() end

---Does not suspend.
function mutex:unlock() end

return mutex
