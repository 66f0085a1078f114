-- 16 MiB of lines with six fields at colons and one or two at blanks, like a user data base. Globals as in measure.lua.
local size = 16 * 1024 * 1024
local lines, total = {}, 0
count = 0
while total < size do
    count = count + 1
    local name = ('abcdefghij klmnop'):rep(count % 3)
    lines[count] = ('%d:user%d:x:%d:/home/user%d:%s\n'):format(count, count, count * 7 % 1000, count, name)
    total = total + #lines[count]
end
text = table.concat(lines)
lines = nil
collectgarbage()
collectgarbage()
return (getfenv(1))
