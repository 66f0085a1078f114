-- The entry module of a worker is a leaf unless its file is named init.lua (01 §3.4, 03 §1.1).

--@ env EMILUA_PATH=$TMP/packages
--@ file x.lua
--| value = 'x'
--| context = _CONTEXT
--@ file packages/pack.lua
--| context = _CONTEXT
--@ test 01.54 a worker of the main script's own file
--@ script main.lua
--@ stdout 5
--@ stdout x
--@ stdout x
--@ stdout worker
--@ stdout ...
--@ test 01.54 a worker whose file is init.lua
--@ script init.lua
--@ stdout x
--@ stdout 3
--@ stdout x
--@ stdout worker
--@ stdout ...
--@ test 01.54 under --test workers are workers
--@ script main.lua
--@ run $EMILUA --test main.lua
--@ stdout 5
--@ stdout x
--@ stdout x
--@ stdout worker
--@ stdout ...

if _CONTEXT == 'worker' then
    local function try(id)
        local ok, m = pcall(require, id)
        print(ok and m.value or m.code)
        return m
    end
    try './x'
    try '../x'
    local x = try '/x'
    print(_CONTEXT)
    print('.' .. x.context .. '.' .. require('pack').context .. '.')
else
    spawn_vm '.'
end
