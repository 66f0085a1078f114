---@meta time
-- Manual: doc/reference/time.adoc. All durations are seconds.

---@class time
---@field steady_clock steady_clock never goes back
---@field system_clock system_clock the wall clock
---@field high_resolution_clock high_resolution_clock
local time = {}

---Suspends the fiber.
---@param secs number
function time.sleep(secs) end

---@class time_point
---@field seconds_since_epoch number
---@operator add(number): time_point
---@operator sub(number): time_point
---@operator sub(time_point): number
local time_point = {}

---Moves the point forward.
---@param secs number
function time_point:add(secs) end

---@param secs number
function time_point:sub(secs) end

---@class steady_clock
local steady_clock = {}

---@return time_point
function steady_clock.now() end

---@return time_point
function steady_clock.epoch() end

---@class system_clock: steady_clock

---@class high_resolution_clock: steady_clock
---@field is_steady boolean

---@class system_timer
---@field expiry time_point a copy
local system_timer = {}

---Suspends until the expiry has passed. Raises `operation_aborted` if the wait is cancelled.
function system_timer:wait() end

---Cancels the waits in progress.
---@return integer
function system_timer:cancel() end

---@param tp time_point
---@return integer cancelled waits
function system_timer:expires_at(tp) end

---@class steady_timer: system_timer
local steady_timer = {}

---@param secs number
---@return integer cancelled waits
function steady_timer:expires_after(secs) end

time.steady_timer = {}

---@return steady_timer
function time.steady_timer.new() end

time.system_timer = {}

---@return system_timer
function time.system_timer.new() end

return time
