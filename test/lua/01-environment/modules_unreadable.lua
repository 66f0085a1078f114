-- Files without the permission to read them; root may read everything, so the script gives that up.

--@ need cmd:setpriv
--@ script main.lua
--@ env EMILUA_PATH=packages
--@ file secret.lua
--@ file secret_directory/init.lua
--@ file packages/secret_package.lua
--@ file packages/secret_node/init.lua
--@ test 01.47 files that may not be read raise EACCES
--@ run cp $EMILUA emilua; chmod 755 .; chmod 0 secret.lua secret_directory packages/secret_package.lua packages/secret_node
--@ run [ $(id -u) = 0 ] && as_nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
--@ run $as_nobody ./emilua main.lua
--@ stdout 4

local count = 0
for id, module in pairs { ['./secret'] = false, ['./secret_directory'] = false, secret_package = 'secret_package',
    secret_node = 'secret_node' } do
    for _ = 1, 2 do
        local ok, e = pcall(require, id)
        assert(not ok and e.code == 13 and tostring(e) == 'Permission denied', tostring(e))
        assert(e.module == (module or nil), id)
    end
    count = count + 1
end
print(count)
