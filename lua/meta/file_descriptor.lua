---@meta
-- Manual: doc/reference/file_descriptor.adoc. No module: other modules make such values.

---@class file_descriptor
local file_descriptor = {}

function file_descriptor:close() end

---@return file_descriptor
function file_descriptor:dup() end

---Linux: those of the file.
---@return linux_capabilities
function file_descriptor:cap_get() end

---@param caps linux_capabilities
function file_descriptor:cap_set(caps) end
