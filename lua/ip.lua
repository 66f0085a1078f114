-- ip.connect (05 §3.7): tries one address after the other.
local pcall, error, type = pcall, error, type
local raise_invalid_argument, raise_not_found, is_interrupted = ...

return function(sock, results, condition)
    if type(results) ~= 'table' or (condition ~= nil and type(condition) ~= 'function') then
        raise_invalid_argument()
    end
    local last_error
    for i = 1, #results do
        local address, port = results[i].address, results[i].port
        if not condition or condition(last_error, address, port) then
            if sock.is_open then
                sock:close()
            end
            local ok, err = pcall(sock.connect, sock, address, port)
            if ok then
                return address, port
            end
            if is_interrupted(err) then
                error(err, 0)
            end
            last_error = err
        end
    end
    if last_error == nil then
        raise_not_found()
    end
    error(last_error, 0)
end
