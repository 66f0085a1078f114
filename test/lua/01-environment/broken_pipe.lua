-- Nobody reads what is printed (00-overview, decision 2).

--@ test 01.16 an endless printer ends with status 1 and one panic line
--@ run { $EMILUA $FILE; echo $? >status; } | head -n 1; cat status
--@ stdout line
--@ stdout 1
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: 'Broken pipe'\nstack traceback:\n(\t[^\n]*\n)+\Z
--@ test 01.16 when SIGPIPE is inherited as ignored
--@ run trap '' PIPE; { $EMILUA $FILE; echo $? >status; } | head -n 1; cat status
--@ stdout line
--@ stdout 1
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: 'Broken pipe'\n
--@ test 01.16 when SIGPIPE is inherited as blocked
--@ run $PYTHON -c 'import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE]); signal.signal(signal.SIGPIPE, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' /bin/sh -c '{ $EMILUA $FILE; echo $? >status; } | head -n 1; cat status'
--@ stdout line
--@ stdout 1
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: 'Broken pipe'\n
--@ test 01.16 a program can catch it and go on
--@ file x.lua
--| local ok, e
--| repeat ok, e = pcall(print, 'line') until not ok
--| assert(e.code == 32 and tostring(e) == 'Broken pipe' and e:togeneric().code == 32)
--| assert(spawn(function() return 'alive' end):join() == 'alive')
--@ run { $EMILUA x.lua; echo $? >status; } | head -n 1; cat status
--@ stdout line
--@ stdout 0

while true do print 'line' end
