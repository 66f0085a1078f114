-- pcall() and its like as programs see them. What does their work (lua/lang.lua, over FFI) takes a quarter of a VM's
-- start, and many VMs need none of it: it is made when the first of them is called. `calls` is empty until then; its
-- __index fills it.
--
-- Tail calls leave no trace in tracebacks and error positions.
local calls, globals = ...

local string, coroutine = globals.string, globals.coroutine

function globals.pcall(...)
    return calls.pcall(...)
end

function globals.xpcall(...)
    return calls.xpcall(...)
end

function globals.scope(...)
    return calls.scope(...)
end

function globals.scope_cleanup_push(...)
    return calls.scope_cleanup_push(...)
end

function globals.scope_cleanup_pop(...)
    return calls.scope_cleanup_pop(...)
end

function string.format(...)
    return calls.format(...)
end

function coroutine.create(...)
    return calls.coroutine_create(...)
end

function coroutine.wrap(...)
    return calls.coroutine_wrap(...)
end
