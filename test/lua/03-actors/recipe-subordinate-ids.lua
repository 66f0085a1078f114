-- R3: subordinate ids by the setuid helpers. /etc/subuid and /etc/subgid are the test's own, in a mount namespace.
--@ need root userns cmd:newuidmap cmd:setpriv
--@ file subids
--| 0:100000:65536
--| 65534:100000:65536
--@ file inside.sh
--| set -e
--| touch /etc/subuid /etc/subgid 2>/dev/null || true
--| mount --bind subids /etc/subuid
--| mount --bind subids /etc/subgid
--| exec "$@"
--@ test 03.78 R3 subordinate ids
--@ run unshare -m sh inside.sh "$EMILUA" "$FILE"
--@ stdout 0 100000 1001
--@ stdout 0 100000 1001
--@ stdout uid 7 gid 7
--@ test 03.78 R3 subordinate ids, as an ordinary user
--@ run chmod 777 . && unshare -m sh inside.sh setpriv --reuid=65534 --regid=65534 --clear-groups "$EMILUA" "$FILE"
--@ stdout 0 100000 1001
--@ stdout 0 100000 1001
--@ stdout uid 7 gid 7
local system = require 'system'
local helpers = require 'helpers'
local s = require './_sandbox'

local channel, socket, reader = s.spawn_synced(s.probe .. [[
    local system = require 'system'
    print((slurp('/proc/self/uid_map'):gsub('%s+', ' '):match '^ ?(.-) ?$'))
    print((slurp('/proc/self/gid_map'):gsub('%s+', ' '):match '^ ?(.-) ?$'))
    print(('uid %d gid %d'):format(system.getresuid(), (system.getresgid())))
]], [[
    if C.read(arg, 1) ~= '!' then error('host gave up') end
    C.setresgid(7, 7, 7)
    C.setresuid(7, 7, 7)
]], { newns_user = true })
-- The helpers of Debian 12 do not know `fd:3` yet. The process waits for us: its id is no one else's.
local process = tostring(channel.child_pid)
for _, helper in ipairs{ 'newuidmap', 'newgidmap' } do
    local child = system.spawn{ program = helper, arguments = { helper, process, '0', '100000', '1001' },
        stderr = 'share' }
    child:wait()
    assert(child.exit_code == 0, helper)
end
socket:send(byte_span.append '!')
socket:close()
require('stream').write_all(system.out, helpers.drain(reader))
channel:close()
