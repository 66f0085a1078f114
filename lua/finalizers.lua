-- Errors that escape a finalizer. LuaJIT raises them wherever the collector happens to run; where that is compiled
-- code the process dies. Here they are reported and end with the finalizer.
local ffi, report, note = ...
local pcall, type, rawset, pairs, setmetatable = pcall, type, rawset, pairs, setmetatable

-- finalizer -> the function that stands for it, as long as anything uses that
local guards = setmetatable({}, { __mode = 'kv' })

local noted = false

local function guarded(finalizer)
    if type(finalizer) ~= 'function' then
        return finalizer
    end
    if not noted then
        noted = true
        note()
    end
    local guard = guards[finalizer]
    if not guard then
        guard = function(object)
            local ok, err = pcall(finalizer, object)
            if not ok then
                report(err)
            end
        end
        guards[finalizer] = guard
    end
    return guard
end

local raw_gc, raw_metatype = ffi.gc, ffi.metatype

function ffi.gc(cdata, finalizer)
    return raw_gc(cdata, guarded(finalizer))
end

function ffi.metatype(ctype, metatable)
    if type(metatable) == 'table' and type(metatable.__gc) == 'function' then
        local copy = {}
        for k, v in pairs(metatable) do
            copy[k] = v
        end
        copy.__gc = guarded(metatable.__gc)
        metatable = copy
    end
    return raw_metatype(ctype, metatable)
end

-- Of the metatables that newproxy(true) makes.
return {
    __newindex = function(metatable, key, value)
        if key == '__gc' then
            value = guarded(value)
        end
        rawset(metatable, key, value)
    end,
}
