-- Programs that read each other's output, as `printf ... | sort | head -n 2` in a shell.
--@ test 07.84 pipeline: each program reads what the one before it writes
--@ stdout apple
--@ stdout banana
-- tag::code[]
local pipe = require 'pipe'
local system = require 'system'

-- Starts the commands; the last one writes to our standard output.
local function start_pipeline(commands)
    local children, input = {}, nil
    for i, argv in ipairs(commands) do
        local reader, writer
        if i < #commands then
            reader, writer = pipe.pair()
            reader, writer = reader:release(), writer:release()
        end
        children[i] = system.spawn {
            program = argv[1], arguments = argv, environment = system.environment,
            stdin = input, stdout = writer or 'share', stderr = 'share',
        }
        -- The children have their copies: ours would keep the pipes open.
        if input then input:close() end
        if writer then writer:close() end
        input = reader
    end
    return children
end
-- end::code[]

local children = start_pipeline {
    { 'printf', '%s\\n', 'cherry', 'banana', 'apple' },
    { 'sort' },
    { 'head', '-n', '2' },
}
for _, child in ipairs(children) do child:wait() end
