-- Scopes, protected calls and the Lua half of coroutines: fills the table `calls` of lua/late_calls.lua.
--
-- In Lua, over a control block that the JIT compiler sees through FFI: a C function would end every trace, a
-- hot loop of pcall() was 900 times slower so.
--
-- The control block belongs to the running fiber (and to the user coroutine it is inside of): see `control` in
-- src/core/fiber.hpp. A clean-up handler is stored with the number (depth) of the scope it was pushed in; the
-- table handlers() holds depth, function, depth, function ... oldest first.
local calls, ffi, control_address, native = ...

local control = ffi.cast([[
    struct {
        int32_t interruption_due;
        int32_t depth;
        int32_t handlers_depth;
        int32_t coroutine_level;
        const void *c_stack_limit;
    } *]], control_address)

local raw_pcall, raw_xpcall, error, type = pcall, xpcall, error, type
local raw_create, raw_format = coroutine.create, string.format
local handlers, fatal, disable_interruption, restore_interruption =
    native.handlers, native.fatal, native.disable_interruption, native.restore_interruption
local raise_interrupted, raise_unmatched, raise_not_function, raise_argument =
    native.raise_interrupted, native.raise_unmatched, native.raise_not_function, native.raise_argument
local new_coroutine, wrap_coroutine = native.new_coroutine, native.wrap_coroutine
local c_stack_is_low = ffi.cast('bool (*)(const void *)', native.c_stack_is_low)

-- Removes the newest handler.
local function take_handler(list)
    local n = #list
    local handler = list[n]
    list[n], list[n - 1] = nil, nil
    control.handlers_depth = n > 2 and list[n - 3] or 0
    return handler
end

local function run_handler(handler)
    disable_interruption()
    if not raw_pcall(handler) then
        fatal() -- closes the VM, does not return
    end
    restore_interruption()
end

-- Runs the handlers of scope `depth`, which is closed already: what they push belongs to the enclosing scope.
local function run_handlers(depth)
    control.depth = depth - 1
    local list = handlers()
    local taken, n = {}, 0
    while control.handlers_depth >= depth do
        n = n + 1
        taken[n] = take_handler(list)
    end
    for i = 1, n do
        run_handler(taken[i])
    end
end

-- The same for a root scope, which nothing encloses: what handlers push runs next.
local function run_root_handlers()
    control.depth = 1
    while control.handlers_depth > 0 do
        run_handler(take_handler(handlers()))
    end
end

-- Closes scope `depth` and hands results through.
local function leave(depth, ...)
    if control.handlers_depth >= depth then
        run_handlers(depth)
    end
    control.depth = depth - 1
    return ...
end

local function pcall(f, ...)
    if control.interruption_due ~= 0 then
        raise_interrupted()
    end
    local depth = control.depth + 1
    control.depth = depth
    return leave(depth, raw_pcall(f, ...))
end

local function xpcall(f, handler, ...)
    if type(handler) ~= 'function' then
        raise_argument(2, 2, 'xpcall', 'function', handler)
    end
    if c_stack_is_low(control) then -- LuaJIT calls the handler from C
        error('C stack overflow', 2)
    end
    if control.interruption_due ~= 0 then
        raise_interrupted()
    end
    local depth = control.depth + 1
    control.depth = depth
    return leave(depth, raw_xpcall(f, handler, ...))
end

local function reraise(ok, err)
    if not ok then
        error(err, 0)
    end
end

local function scope(f)
    local depth = control.depth + 1
    control.depth = depth
    reraise(leave(depth, raw_pcall(f)))
end

local function scope_cleanup_push(handler)
    if type(handler) ~= 'function' then
        raise_not_function()
    end
    local list, depth = handlers(), control.depth
    local n = #list
    list[n + 1], list[n + 2] = depth, handler
    control.handlers_depth = depth
end

local function scope_cleanup_pop(execute)
    if control.handlers_depth ~= control.depth then
        raise_unmatched()
    end
    local handler = take_handler(handlers())
    if execute ~= false then
        run_handler(handler)
    end
end

-- End of a user coroutine: its root handlers run before resume() returns. The frame keeps `state` alive.
local function finish_coroutine(state, ok, ...)
    control.depth = 1
    if control.handlers_depth > 0 then
        run_root_handlers()
    end
    if not ok then
        error((...), 0)
    end
    return ...
end

-- `state` holds the coroutine's scopes while it is suspended. The native side finds it by a weak table; the body
-- owns it, so that both are collected together.
local function create(f, name)
    if type(f) ~= 'function' then
        raise_argument(3, 1, name, 'function', f)
    end
    local state
    local co = raw_create(function(...)
        return finish_coroutine(state, raw_pcall(f, ...))
    end)
    state = new_coroutine(co)
    return co, state
end

local function coroutine_create(f)
    return (create(f, 'create'))
end

local function coroutine_wrap(f)
    return wrap_coroutine(create(f, 'wrap'))
end

-- string.format() calls __tostring from C. It cannot be a C function: the JIT compiler knows the original.
local function format(...)
    if c_stack_is_low(control) then
        error('C stack overflow', 2)
    end
    return raw_format(...)
end

calls.format = format
calls.pcall = pcall
calls.xpcall = xpcall
calls.scope = scope
calls.scope_cleanup_push = scope_cleanup_push
calls.scope_cleanup_pop = scope_cleanup_pop
calls.coroutine_create = coroutine_create
calls.coroutine_wrap = coroutine_wrap

return run_root_handlers
