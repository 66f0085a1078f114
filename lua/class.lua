-- __index and __newindex of our classes. In Lua, not in C: method look-ups are then compiled with the loop
-- they stand in.
local function index(methods, getters, fallback)
    return function(self, key)
        local method = methods[key]
        if method ~= nil then
            return method
        end
        local get = getters[key]
        if get then
            return get(self)
        end
        return fallback(self, key)
    end
end

local function newindex(setters, fallback)
    return function(self, key, value)
        local set = setters[key]
        if set then
            return set(self, key, value)
        end
        return fallback(self, key, value)
    end
end

return index, newindex
