---@meta recursive_mutex
-- Manual: doc/reference/recursive_mutex.adoc

---@class recursive_mutex
local recursive_mutex = {}

---@return recursive_mutex
function recursive_mutex.new() end

---Suspends while it is locked. No interruption point.
function recursive_mutex:lock() end

---Does not suspend.
---@return boolean
function recursive_mutex:try_lock() end

---Does not suspend.
function recursive_mutex:unlock() end

return recursive_mutex
