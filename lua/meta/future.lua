---@meta future
-- Manual: doc/reference/future.adoc

---@class promise
local promise = {}

---@param v any
function promise:set_value(v) end

---@param e any not nil
function promise:set_error(e) end

---@class future
local future = {}

---@return promise, future
function future.new() end

---Suspends until there is a result; returns the value or raises the error.
---@return any
function future:get() end

return future
