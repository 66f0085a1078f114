-- The output and the end of a program.
--@ test 07.100 capture: output, exit code, signal
--@ stdout [one two\n] 0 nil
--@ stdout [] 3 nil
--@ stdout [] 137 9
-- tag::code[]
local asio_error = require 'asio_error'
local pipe = require 'pipe'
local system = require 'system'

local function capture(argv)
    local reader, writer = pipe.pair()
    local output = writer:release()
    local child = system.spawn {
        program = argv[1],
        arguments = argv,
        environment = { PATH = system.environment.PATH },
        stdout = output,
        stderr = 'share',
    }
    output:close()                      -- or the end of the output would never come
    local parts, buffer = {}, byte_span.new(4096)
    while true do
        local ok, n = pcall(reader.read_some, reader, buffer)
        if not ok then
            if n ~= asio_error.misc.eof then error(n, 0) end
            break
        end
        parts[#parts + 1] = tostring(buffer:slice(1, n))
    end
    child:wait()
    return table.concat(parts), child.exit_code, child.exit_signal
end
-- end::code[]

for _, script in ipairs { 'echo one two', 'exit 3', 'kill -9 $$' } do
    local text, code, signal = capture { 'sh', '-c', script }
    print(('[%s] %d %s'):format(text:gsub('\n', '\\n'), code, tostring(signal)))
end
