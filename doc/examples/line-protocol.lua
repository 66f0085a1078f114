-- A server with a line protocol: SET key length, then the value; GET key. Values may contain anything.
--@ test 04.44 lines and counted bytes on one connection
--@ stdout OK
--@ stdout VALUE 11
--@ stdout two\nlines\0!
--@ stdout NONE
--@ stdout ERROR
local ip, stream, regex = require 'ip', require 'stream', require 'regex'

local blanks = regex.new { pattern = ' +', grammar = 'ecma' }

-- Reads `size` bytes that follow the current line.
local function read_body(scanner, size)
    scanner:remove_line()
    local buffer, start = scanner:buffer()
    local body = byte_span.append(buffer:slice(start, math.min(start + size - 1, #buffer)))
    local left = byte_span.append(buffer:slice(start + #body))
    if #body < size then
        local missing = byte_span.new(size - #body)
        stream.read_all(scanner.stream, missing)
        body = body:append(missing)
    end
    scanner:set_buffer(left)
    return tostring(body)
end

local values = {}

local function answer(scanner, verb, key, size)
    if verb == 'SET' and tonumber(size) then
        values[key] = read_body(scanner, tonumber(size))
        return 'OK\r\n'
    elseif verb == 'GET' and key then
        local value = values[key]
        return value and ('VALUE %d\r\n%s\r\n'):format(#value, value) or 'NONE\r\n'
    end
    return 'ERROR\r\n'
end

local function serve(client)
    local scanner = stream.scanner.new { stream = client, record_separator = '\r\n', field_separator = blanks }
    pcall(function()
        while true do
            local words = scanner:get_line()
            for i, word in ipairs(words) do words[i] = tostring(word) end
            stream.write_all(client, answer(scanner, unpack(words)))
        end
    end)
    client:close()
end

local acceptor = ip.tcp.acceptor.new()
acceptor:open('v4')
acceptor:bind('127.0.0.1', 0)
acceptor:listen()
local server = spawn(function() serve(acceptor:accept()) end)

local client = ip.tcp.socket.new()
client:connect(acceptor.local_address, acceptor.local_port)
stream.write_all(client, 'SET greeting 11\r\ntwo\nlines\0!GET greeting\r\nGET  other\r\nWHAT\r\n')
client:shutdown('send')
local replies = stream.scanner.new { stream = client, record_separator = '\r\n' }
for _ = 1, 5 do
    print((tostring(replies:get_line()):gsub('\n', '\\n'):gsub('%z', '\\0')))
end
server:join()
