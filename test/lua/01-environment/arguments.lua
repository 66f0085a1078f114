--@ test 01.2 the arguments follow the file
--@ run cd $DIR && $EMILUA arguments.lua b.lua
--@ stdout <$EMILUA><arguments.lua><b.lua>
--@ test 01.2 no arguments
--@ run $EMILUA $FILE
--@ stdout <$EMILUA><$FILE>
--@ test 01.2 the file is shown as typed
--@ script d/init.lua
--@ run $EMILUA ./d
--@ stdout <$EMILUA><./d>
--@ test 01.2 argv[0] is shown as typed
--@ run ln -s $EMILUA runner && ./runner $FILE ''
--@ stdout <./runner><$FILE><>
--@ test 01.2 options of the runtime are not shown
--@ run $EMILUA --test --main-context-concurrency-hint 1 $FILE --test
--@ stdout <$EMILUA><$FILE><--test>
--@ test 01.8 one `--` after the file is dropped
--@ run $EMILUA $FILE -- x -- y
--@ stdout <$EMILUA><$FILE><x><--><y>
--@ test 01.8 only a `--` directly after the file is dropped
--@ run $EMILUA $FILE x -- y
--@ stdout <$EMILUA><$FILE><x><--><y>
--@ test 01.8 a second `--` stays
--@ run $EMILUA $FILE -- --
--@ stdout <$EMILUA><$FILE><-->
--@ test 01.8 bytes that are no UTF-8 arrive unchanged
--@ run $EMILUA $FILE "$(printf '\377\001')" | od -An -c | tr -d ' \n'
--@ stdout~ <377001>\\n\Z

local text = {}
for i, argument in ipairs(require('system').arguments) do
    text[i] = '<' .. argument .. '>'
end
print(table.concat(text))
