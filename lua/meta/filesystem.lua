---@meta filesystem
-- Manual: doc/reference/path.adoc

---@class filesystem
local filesystem = {}

filesystem.path = {
    preferred_separator = '/',
}

---@param text? string
---@return filesystem.path
function filesystem.path.new(text) end

---@param text string
---@return filesystem.path
function filesystem.path.from_generic(text) end

---@class filesystem.path
---@field root_name string
---@field root_directory string
---@field root_path filesystem.path
---@field relative_path filesystem.path
---@field parent_path filesystem.path
---@field filename string
---@field stem string
---@field extension string
---@field has_root_name boolean
---@field has_root_directory boolean
---@field has_root_path boolean
---@field has_relative_path boolean
---@field has_parent_path boolean
---@field has_filename boolean
---@field has_stem boolean
---@field has_extension boolean
---@field empty boolean
---@field is_absolute boolean
---@field is_relative boolean
---@operator div(string|filesystem.path): filesystem.path
---@operator concat(string|filesystem.path): filesystem.path
local path = {}

---@return string
function path:to_generic() end

---Iterates over the components.
---@return fun(): string?
function path:iterator() end

---@return filesystem.path
function path:make_preferred() end

---@return filesystem.path
function path:remove_filename() end

---@param x string|filesystem.path
---@return filesystem.path
function path:replace_filename(x) end

---@param x? string|filesystem.path
---@return filesystem.path
function path:replace_extension(x) end

---@return filesystem.path
function path:lexically_normal() end

---@param base string|filesystem.path
---@return filesystem.path
function path:lexically_relative(base) end

---@param base string|filesystem.path
---@return filesystem.path
function path:lexically_proximate(base) end

---With an argument: master VM only, returns nothing.
---@param where? filesystem.path|file_descriptor
---@return filesystem.path
function filesystem.current_working_directory(where) end

---Master VM only. The working directory stays where it is.
---@param where filesystem.path
function filesystem.chroot(where) end

---Master VM only. Returns the previous one.
---@param mask integer
---@return integer
function filesystem.umask(mask) end

return filesystem
