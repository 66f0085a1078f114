---@meta regex
-- Manual: doc/reference/regex.adoc

---A compiled pattern.
---@class regex.object
---@field mark_count integer
---@field grammar "basic"|"extended"|"ecma"
---@field ignore_case boolean
---@field nosubs boolean
---@field optimized boolean

---Combine with `bit.bor`.
---@class regex.match_flag
---@field not_bol integer
---@field not_eol integer
---@field not_bow integer
---@field not_eow integer
---@field any integer
---@field not_null integer
---@field continuous integer

---@class regex
---@field match_flag regex.match_flag
local regex = {}

---@class regex.options
---@field pattern string
---@field grammar "basic"|"extended"|"ecma"
---@field ignore_case? boolean
---@field nosubs? boolean
---@field optimize? boolean

---@param options regex.options
---@return regex.object
function regex.new(options) end

---Matches all of `str`. Returns nil, or what each group matched, or `str` if there are no groups.
---@generic S: byte_span|string
---@param re regex.object
---@param str S
---@param flags? integer
---@return S? ...
function regex.match(re, str, flags) end

---@class regex.range
---@field start integer
---@field end_ integer

---Finds the first match: `[0]` is all of it, `[i]` group `i`.
---@param re regex.object
---@param str byte_span|string
---@param flags? integer
---@return { empty: boolean, [integer]: regex.range }
function regex.search(re, str, flags) end

---The pieces of `str` between matches.
---@generic S: byte_span|string
---@param re regex.object
---@param str S
---@return S[]
function regex.split(re, str) end

---All matches that don't overlap.
---@generic S: byte_span|string
---@param re regex.object
---@param str S
---@return S[]
function regex.patsplit(re, str) end

return regex
