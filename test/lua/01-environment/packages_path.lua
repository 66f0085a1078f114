-- EMILUA_PATH set, empty, missing (01 §3.8).

--@ file pack.lua
--| print('found', _FILE)
--@ file other/pack.lua
--| print('other', _FILE)
--@ script d/main.lua

--@ test 01.51 set and empty: the current directory
--@ run EMILUA_PATH= $EMILUA d/main.lua
--@ stdout~ \Afound\t\$TMP/pack\.lua\n\Z
--@ test 01.51 unset: nothing
--@ env -EMILUA_PATH
--@ run $EMILUA d/main.lua
--@ stdout 2 pack
--@ test 01.51 an empty entry is the current directory
--@ run cd other; EMILUA_PATH=/nowhere: $EMILUA ../d/main.lua
--@ stdout~ \Aother\t\$TMP/other/pack\.lua\n\Z
--@ test 01.51 an empty entry in front
--@ run EMILUA_PATH=:other $EMILUA d/main.lua
--@ stdout~ \Afound\t\$TMP/pack\.lua\n\Z
--@ test 01.51 relative entries start at the current directory, not at the script's
--@ run EMILUA_PATH=other $EMILUA d/main.lua
--@ stdout~ \Aother\t\$TMP/other/pack\.lua\n\Z
--@ test 01.51 with a slash at the end
--@ run EMILUA_PATH=$TMP/other/ $EMILUA d/main.lua
--@ stdout~ \Aother\t\$TMP/other/pack\.lua\n\Z
--@ test 01.50 only missing directories, files and nonsense
--@ run EMILUA_PATH=/nowhere:$TMP/pack.lua:::/dev/null:/proc/1/nothing:$(head -c 5000 /dev/zero | tr '\0' x) $EMILUA /dev/stdin <d/main.lua
--@ stdout~ \Afound\t\$TMP/pack\.lua\n\Z
--@ test 01.50 a directory whose name is too long is an error, not a crash
--@ run EMILUA_PATH=$(head -c 5000 /dev/zero | tr '\0' x) $EMILUA d/main.lua
--@ stdout 36 pack

local ok, e = pcall(require, 'pack')
if not ok then print(e.code .. ' ' .. e.module) end
