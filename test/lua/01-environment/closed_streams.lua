-- Standard streams that are closed from the start: the program runs, and no descriptor of the runtime or of the program
-- ever gets their numbers (07 §4), so that nothing else receives what is printed.

--@ test 01.9 closed standard streams: all
--@ run $EMILUA $FILE <&- >&- 2>&-; status=$?; cat opened; exit $status
--@ stdout opened
--@ test 01.9 closed standard streams: only stdin
--@ run $EMILUA $FILE <&-; status=$?; cat opened; exit $status
--@ stdout printed
--@ stdout opened
--@ test 01.9 closed standard streams: only stdout
--@ run $EMILUA $FILE >&-; status=$?; cat opened; exit $status
--@ stdout opened
--@ test 01.9 closed standard streams: only stderr
--@ run $EMILUA $FILE 2>&-; status=$?; cat opened; exit $status
--@ stdout printed
--@ stdout opened
--@ test 01.9 a panic without stderr
--@ run echo 'error("oops")' >x.lua; $EMILUA x.lua 2>&-
--@ status 1
--@ test 01.9 a usage error without stderr
--@ run $EMILUA --bad 2>&-
--@ status 2
--@ test 01.9 a missing script without stderr
--@ run $EMILUA nowhere.lua 2>&-
--@ status 1
--@ test 01.9 --version without stdout
--@ run $EMILUA --version >&-
--@ test 01.9 printing much to a closed stdout raises
--@ run echo 'for i = 1, 1e5 do print(i) end' >x.lua; $EMILUA x.lua >&-
--@ status 1
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: 'Bad file descriptor'\n
--@ test 01.9 printing much to a full device raises
--@ need linux
--@ run echo 'for i = 1, 1e5 do print(i) end' >x.lua; $EMILUA x.lua >/dev/full
--@ status 1
--@ stderr~ \AMain fiber from VM 0x[0-9a-f]+ panicked: 'No space left on device'\n
--@ test 01.9 reading a closed stdin fails
--@ file x.lua
--| local ffi = require 'ffi'
--| ffi.cdef 'long read(int, void *, size_t); long write(int, const void *, size_t);'
--| local buffer = ffi.new('char[1]')
--| assert(ffi.C.read(0, buffer, 1) == -1 and ffi.errno() == 9)
--| assert(ffi.C.write(1, buffer, 1) == -1 and ffi.errno() == 9)
--@ run $EMILUA x.lua <&- >&-

local ffi = require 'ffi'
ffi.cdef [[
int creat(const char *, unsigned);
long write(int, const void *, size_t);
]]
local fd = ffi.C.creat('opened', 6 * 64 + 4 * 8 + 4)
assert(fd > 2)
ffi.C.write(fd, 'opened\n', 7)
print('printed')
