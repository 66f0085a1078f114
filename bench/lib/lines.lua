-- 16 MiB of lines with six fields at colons and one or two at blanks, like a user data base. Globals as in measure.lua.
local size, piece_size = 16 * 1024 * 1024, 1000
local pieces, total = {}, 0
count = 0
while total < size do
    -- In pieces that are collected at once: the table of all strings grows with those that live, and shrinks slowly,
    -- which would be measured as well.
    local lines = {}
    for i = 1, piece_size do
        count = count + 1
        local name = ('abcdefghij klmnop'):rep(count % 3)
        lines[i] = ('%d:user%d:x:%d:/home/user%d:%s\n'):format(count, count, count * 7 % 1000, count, name)
    end
    pieces[#pieces + 1] = table.concat(lines)
    total = total + #pieces[#pieces]
    lines = nil
    collectgarbage()
end
text = table.concat(pieces)
pieces = nil
collectgarbage()
collectgarbage()
return (getfenv(1))
