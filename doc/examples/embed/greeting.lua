function to(name)
    return 'Hello, ' .. name .. '!'
end
