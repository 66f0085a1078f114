-- Where a program without a slash is looked for.
--@ file tool
--| #!/bin/sh
--| echo here
--@ file bin/tool
--| #!/bin/sh
--| echo there
--@ file not-executable/tool
--| #!/bin/sh
--@ test 07.77 elements of PATH are searched in turn; a file that may not be executed is passed over
--@ run chmod +x tool bin/tool; PATH=/nonexistent:$TMP/not-executable:$TMP/bin:/bin $EMILUA $FILE tool
--@ stdout there
--@ test 07.77 nothing but a file that may not be executed: EACCES
--@ run PATH=$TMP/not-executable:/nonexistent $EMILUA $FILE tool
--@ stdout Permission denied	exec
--@ test 07.77 an empty element of PATH, and an empty PATH, is the current directory
--@ run chmod +x tool; PATH=/nonexistent: $EMILUA $FILE tool; PATH= $EMILUA $FILE tool; PATH=:/bin $EMILUA $FILE tool
--@ stdout here
--@ stdout here
--@ stdout here
--@ test 07.77 PATH unset: /bin:/usr/bin
--@ run env -u PATH $EMILUA $FILE true; env -u PATH $EMILUA $FILE tool
--@ stdout 0
--@ stdout No such file or directory	exec
local system = require 'system'

local ok, result = pcall(system.spawn, { program = system.arguments[3], stdout = 'share', stderr = 'share' })
if not ok then
    print(result, result.step)
else
    result:wait()
    if system.arguments[3] == 'true' then print(result.exit_code) end
end
