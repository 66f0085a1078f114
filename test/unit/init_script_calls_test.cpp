// What each function of C does to the process, as root and as an ordinary user in a user namespace.
#include "init_script_runner.hpp"

#include "sandbox/script_table.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace {

// What scripts check with.
const std::string tools = R"(
    function shell(command)
        local pipe = io.popen(command .. ' 2>&1')
        local output = pipe:read('*a')
        pipe:close()
        return (output:gsub('\n$', ''))
    end
    function eq(a, b)
        if a ~= b then error(('%s instead of %s'):format(tostring(a), tostring(b)), 2) end
    end
    function status(field)
        return io.open('/proc/self/status'):read('*a'):match('\n' .. field .. ':[ \t]*([^\n]*)')
    end
    -- Checks that f fails so.
    function fails(errno, f, ...)
        errexit = false
        local result, e = f(...)
        errexit = true
        if result ~= -1 or e ~= errno then
            error(('%s, %s instead of -1, %d'):format(tostring(result), tostring(e), errno), 2)
        end
    end
)";

// Namespaces of its own, all mounts private, an empty working directory on a file system of its own.
std::string own_namespaces(caller who)
{
    std::string script = R"(
        local kinds = bit.bor(C.CLONE_NEWNS, C.CLONE_NEWUTS, C.CLONE_NEWIPC, C.CLONE_NEWNET, C.CLONE_NEWCGROUP)
    )";
    if (who == caller::user)
        script += R"(
            C.unshare(bit.bor(kinds, C.CLONE_NEWUSER))
            C.write(C.open('/proc/self/setgroups', C.O_WRONLY), 'deny')
            C.write(C.open('/proc/self/uid_map', C.O_WRONLY), '0 )" +
                  std::to_string(geteuid() ? geteuid() : ordinary_id) + R"( 1\n')
            C.write(C.open('/proc/self/gid_map', C.O_WRONLY), '0 )" +
                  std::to_string(geteuid() ? getegid() : ordinary_id) + R"( 1\n')
        )";
    else
        script += "C.unshare(kinds)";
    return script + R"(
        C.mount(nil, '/', nil, bit.bor(C.MS_PRIVATE, C.MS_REC))
        C.mount('tmpfs', '/mnt', 'tmpfs', 0, 'mode=0755,size=1m')
        C.chdir('/mnt')
    )";
}

bool has_user_namespaces()
{
    return run_script({"C.unshare(C.CLONE_NEWUSER)", caller::user}).ended_with(0);
}

void expect_pass(const std::string& script, caller who = caller::root)
{
    script_outcome result = run_script({tools + script, who});
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.ended_with(0)) << "wait status " << result.status;
}

class script_calls : public testing::TestWithParam<caller> {
protected:
    void SetUp() override
    {
        if (GetParam() == caller::root && geteuid() != 0)
            GTEST_SKIP() << "not root";
        if (GetParam() == caller::user && !has_user_namespaces())
            GTEST_SKIP() << "the kernel forbids user namespaces";
    }
    static bool as_root() { return GetParam() == caller::root; }
    static void expect_contained_pass(const std::string& script)
    {
        expect_pass(own_namespaces(GetParam()) + script, GetParam());
    }
};

INSTANTIATE_TEST_SUITE_P(as, script_calls, testing::Values(caller::root, caller::user),
                         [](auto& info) { return info.param == caller::root ? "root" : "user"; });

TEST_P(script_calls, files)
{
    expect_contained_pass(R"(
        eq(C.umask(0), 18)
        eq(C.mkdir('dir', mode(7, 5, 1)), 0)
        eq(shell("stat -c '%F %a' dir"), 'directory 751')
        C.umask(18)
        C.mkdir('/mnt/masked', mode(7, 7, 7))
        eq(shell("stat -c %a masked"), '755')
        C.chdir('dir')
        eq(shell('pwd'), '/mnt/dir')

        local fd, e = C.open('file', bit.bor(C.O_WRONLY, C.O_CREAT, C.O_EXCL), mode(6, 4, 0))
        assert(fd > 3); eq(e, 0)
        eq(shell("stat -c '%F %a' file"), 'regular empty file 640')
        eq(C.write(fd, 'text'), 4)
        fails(C.EEXIST, C.open, 'file', bit.bor(C.O_WRONLY, C.O_CREAT, C.O_EXCL), mode(6, 4, 0))
        eq((C.read(C.open('file', C.O_RDONLY), 3)), 'tex')
        C.write(C.open('file', bit.bor(C.O_WRONLY, C.O_APPEND)), '+')
        eq(shell('cat file'), 'text+')
        -- Inherited, unless asked for otherwise.
        eq(shell('readlink /proc/self/fd/' .. fd), '/mnt/dir/file')
        local closed = C.open('file', bit.bor(C.O_RDONLY, C.O_CLOEXEC))
        eq(shell('readlink /proc/self/fd/' .. closed), '')

        eq(C.chmod('file', mode(6, 0, 1)), 0)
        eq(shell('stat -c %a file'), '601')
        eq(C.link('file', 'hard'), 0)
        eq(shell('stat -c %h hard'), '2')
        eq(C.symlink('../nowhere', 'soft'), 0)
        eq(shell('readlink soft'), '../nowhere')
        eq(C.mkfifo('fifo', mode(6, 2, 0)), 0)
        eq(shell("stat -c '%F %a' fifo"), 'fifo 600')
        eq(C.chown('file', -1, -1), 0)
        eq(C.chown('file', 0, 0), 0)
        eq(shell('stat -c %u:%g file'), '0:0')

        local number, e = C.makedev(1, 3)
        eq(number, 259); eq(e, 0)
        eq((C.makedev(8, 300)), 1050668)
        fails(C.ENOENT, C.mkdir, '/nowhere/x', 0)
        fails(C.ENOENT, C.chdir, '/nowhere')
        fails(C.EEXIST, C.link, 'file', 'hard')
        fails(C.EEXIST, C.symlink, 'x', 'hard')
        fails(C.ENOENT, C.chmod, 'nowhere', 0)
        fails(C.ENOENT, C.chown, 'nowhere', 0, 0)
        fails(C.EEXIST, C.mkfifo, 'fifo', 0)
    )");
    if (as_root())
        expect_contained_pass(R"(
            eq(C.mknod('null', mode(6, 6, 6) + C.S_IFCHR, (C.makedev(1, 3))), 0)
            eq(shell("stat -c '%F %t:%T' null"), 'character special file 1:3')
            C.write(C.open('null', C.O_WRONLY), 'x')
            eq(C.mknod('loop', mode(6, 6, 0) + C.S_IFBLK, (C.makedev(7, 2))), 0)
            eq(shell("stat -c '%F %t:%T' loop"), 'block special file 7:2')
            C.mkdir('d', 0)
            C.chown('d', 12, -1)
            eq(shell('stat -c %u:%g d'), '12:0')
            C.chown('d', -1, 13)
            eq(shell('stat -c %u:%g d'), '12:13')
        )");
    else
        expect_contained_pass(
            "fails(C.EPERM, C.mknod, 'null', mode(6, 6, 6) + C.S_IFCHR, (C.makedev(1, 3)))");
}

TEST_P(script_calls, mounts)
{
    expect_contained_pass(R"(
        local function mounted(target) return shell("grep -c ' " .. target .. " ' /proc/self/mountinfo") end
        eq(shell('df --output=size /mnt | tail -1'):match('%d+'), '1024')
        C.mkdir('a', mode(7, 5, 5)) C.mkdir('b', mode(7, 5, 5))
        C.mkdir('a/inside', mode(7, 5, 5))
        eq(C.mount('a', 'b', nil, C.MS_BIND), 0)
        eq(shell('ls b'), 'inside')
        C.mount(nil, 'b', nil, bit.bor(C.MS_REMOUNT, C.MS_BIND, C.MS_RDONLY), nil)
        fails(C.EROFS, C.mkdir, 'b/x', 0)
        eq(C.umount('b'), 0)
        eq(mounted('/mnt/b'), '0')
        C.mount('tmpfs', 'b', 'tmpfs', 0)
        C.chdir('b')
        fails(C.EBUSY, C.umount, '/mnt/b')
        eq(C.umount2('/mnt/b', C.MNT_DETACH), 0)
        C.chdir('/mnt')
        eq(mounted('/mnt/b'), '0')
        C.symlink('a', 'link')
        fails(C.EINVAL, C.umount2, 'link', C.UMOUNT_NOFOLLOW)
        fails(C.ENODEV, C.mount, 'x', 'a', 'nonsense', 0)

        -- A file that is open for writing keeps its file system writable.
        C.open('open', bit.bor(C.O_WRONLY, C.O_CREAT), mode(6, 0, 0))
        fails(C.EBUSY, C.mount, nil, '/mnt', nil, bit.bor(C.MS_REMOUNT, C.MS_RDONLY))
    )");
    expect_contained_pass(R"(
        C.mkdir('old', mode(7, 0, 0))
        eq(C.pivot_root('.', 'old'), 0)
        eq(C.chroot('.'), 0)
        C.chdir('/')
        C.umount2('/old', C.MNT_DETACH)
        fails(C.ENOENT, C.chdir, '/proc')
        fails(C.ENOENT, C.pivot_root, '/nowhere', '/')
        C.mkdir('jail', mode(7, 0, 0)) C.chroot('/jail') C.chdir('/')
        fails(C.ENOENT, C.chdir, '/old')
        fails(C.ENOENT, C.chroot, '/nowhere')
    )");
}

TEST_P(script_calls, namespaces)
{
    expect_contained_pass(R"(
        local first = C.open('/proc/self/ns/uts', C.O_RDONLY)
        eq(C.sethostname('box'), 0)
        eq(C.setdomainname('box.example'), 0)
        eq(shell('cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname'), 'box\nbox.example')
        eq(C.unshare(C.CLONE_NEWUTS), 0)
        C.sethostname('other')
        eq(shell('cat /proc/sys/kernel/hostname'), 'other')
        eq(C.setns(first, C.CLONE_NEWUTS), 0)
        eq(shell('cat /proc/sys/kernel/hostname'), 'box')
        fails(C.EINVAL, C.setns, first, C.CLONE_NEWNET)
        fails(C.EBADF, C.setns, 99, 0)
        fails(C.EINVAL, C.unshare, -1)
        fails(C.EINVAL, C.sethostname, ('x'):rep(65))
        fails(C.EINVAL, C.setdomainname, ('x'):rep(65))
        eq(io.open('/proc/self/net/dev'):read('*a'):match('\n%s*(%w+):'), 'lo')
    )");
    expect_pass(as_root()
                    ? "fails(C.EINVAL, C.setns, C.open('/proc/self/ns/user', C.O_RDONLY), C.CLONE_NEWUSER)"
                    : "fails(C.EPERM, C.unshare, C.CLONE_NEWNET) fails(C.EPERM, C.chroot, '/')"
                      "fails(C.EPERM, C.sethostname, 'x') fails(C.EPERM, C.mount, nil, '/', nil, C.MS_REC)",
                GetParam());
}

TEST_P(script_calls, sessions)
{
    expect_pass(R"(
        local function field(n)
            local after_name = io.open('/proc/self/stat'):read('*a'):match('%) (.*)')
            for word in after_name:gmatch('%S+') do n = n - 1 if n == 2 then return tonumber(word) end end
        end
        local pid = tonumber(status('Pid'))
        eq(C.setpgid(0, 0), 0)
        eq(field(5), pid)
        fails(C.EPERM, C.setsid)
    )",
                GetParam());
    expect_pass(R"(
        local session, e = C.setsid()
        eq(session, tonumber(status('Pid'))); eq(e, 0)
        fails(C.EPERM, C.setpgid, 0, 0)
    )",
                GetParam());
}

TEST_P(script_calls, credentials)
{
    if (as_root())
        expect_pass(R"(
            eq(C.setgroups{12, '13', nil, 14}, 0)
            eq(status('Groups'):gsub(' $', ''), '12 13')
            eq(C.setresgid(5, 6, -1), 0)
            eq(status('Gid'), '5\t6\t0\t6')
            C.setgroups{}
            eq(status('Groups'):gsub(' ', ''), '')
            eq(C.setresuid(-1, 2, '3'), 0)
            eq(status('Uid'), '0\t2\t3\t2')
            fails(C.EPERM, C.setgroups, {1})
            fails(C.EPERM, C.setresuid, 7, 7, 7)
            fails(C.EPERM, C.setresgid, 7, 7, 7)
        )");
    else
        expect_contained_pass(R"(
            eq(C.setresuid(0, 0, 0), 0) eq(C.setresgid(-1, -1, -1), 0)
            eq(status('Uid'), '0\t0\t0\t0')
            fails(C.EPERM, C.setgroups, {})
            fails(C.EINVAL, C.setresuid, 1, 1, 1)
        )");
}

TEST_P(script_calls, capabilities)
{
    expect_contained_pass(R"(
        local function has(set, number) -- below 32
            return bit.band(tonumber(status(set):sub(-8), 16), bit.lshift(1, number)) ~= 0
        end
        eq(has('CapBnd', 13), true)
        eq(C.cap_drop_bound('cap_net_raw'), 0)
        eq(has('CapBnd', 13), false)
        eq(has('CapEff', 0), true)
        eq(C.cap_set_proc('cap_chown,cap_setpcap=eip'), 0)
        eq(has('CapEff', 0), true) eq(has('CapInh', 0), true) eq(has('CapEff', 7), false)
        eq(C.cap_set_ambient('cap_chown', true), 0)
        eq(has('CapAmb', 0), true)
        eq(C.cap_set_ambient('cap_chown', false), 0)
        eq(has('CapAmb', 0), false)
        C.cap_set_ambient('CAP_CHOWN', true)
        eq(C.cap_reset_ambient(), 0)
        eq(has('CapAmb', 0), false)
        fails(C.EPERM, C.cap_set_ambient, 'cap_kill', true)
        local ffi = require 'ffi'
        ffi.cdef 'int prctl(int, ...);'
        eq(C.cap_set_secbits(bit.bor(C.SECBIT_NOROOT, C.SECBIT_NOROOT_LOCKED, C.SECBIT_KEEP_CAPS)), 0)
        eq(ffi.C.prctl(27), 19)
        fails(C.EPERM, C.cap_set_secbits, 0)
        eq(C.cap_set_proc('='), 0)
        eq(tonumber(status('CapEff'), 16), 0) eq(tonumber(status('CapPrm'), 16), 0)
        fails(C.EPERM, C.cap_set_proc, 'cap_chown=ep')
        fails(C.EPERM, C.cap_drop_bound, 'cap_kill')
        fails(C.EPERM, C.cap_set_secbits, 0)
    )");
}

// A filter of R8: EPERM for the given numbers of system calls.
const std::string deny = R"(
    local function u16(n) return string.char(n % 256, math.floor(n / 256) % 256) end
    local function ins(code, jt, jf, k) return u16(code) .. string.char(jt, jf) .. u16(k % 65536) .. u16(math.floor(k / 65536)) end
    function deny(nrs)
        local p = { ins(0x20, 0, 0, 4), ins(0x15, 1, 0, 0xC000003E), ins(0x06, 0, 0, 0x80000000), ins(0x20, 0, 0, 0) }
        for i, nr in ipairs(nrs) do p[#p + 1] = ins(0x15, #nrs - i + 1, 0, nr) end
        p[#p + 1] = ins(0x06, 0, 0, 0x7FFF0000); p[#p + 1] = ins(0x06, 0, 0, 0x00050001)
        return table.concat(p)
    end
)";

TEST_P(script_calls, seccomp_03_61)
{
    expect_pass(deny + R"(
        eq(status('NoNewPrivs'), '0')
        if tonumber(status('CapEff'), 16) == 0 then
            fails(C.EACCES, C.seccomp_set_mode_filter, deny{83})
        end
        local result, e = set_no_new_privs()
        eq(result, 0) eq(e, 0)
        eq(status('NoNewPrivs'), '1')
        fails(C.EINVAL, C.seccomp_set_mode_filter, '')
        fails(C.EINVAL, C.seccomp_set_mode_filter, deny{83}:sub(2))
        fails(C.EINVAL, C.seccomp_set_mode_filter, ('\0'):rep(8))
        fails(C.EINVAL, C.seccomp_set_mode_filter, deny{83}:rep(2000))
        eq(C.seccomp_set_mode_filter(deny{83, 88}), 0)
        eq(status('Seccomp'), '2')
        fails(C.EPERM, C.mkdir, '/tmp/never', 0)
        fails(C.EPERM, C.symlink, 'x', '/tmp/never')
        fails(C.ENOENT, C.chdir, '/tmp/never')
    )",
                GetParam());
}

// Everything that the kernel knows.
const std::string all_rights = R"(
    abi = C.landlock_create_ruleset(nil, {'version'})
    all = {'execute','write_file','read_file','read_dir','remove_dir','remove_file','make_char','make_dir','make_reg','make_sock','make_fifo','make_block','make_sym'}
    if abi >= 2 then all[#all + 1] = 'refer' end
    if abi >= 3 then all[#all + 1] = 'truncate' end
    if abi >= 5 then all[#all + 1] = 'ioctl_dev' end
)";

int landlock_abi()
{
    return std::atoi(run_script({"print((C.landlock_create_ruleset(nil, {'version'})))"}).out.c_str());
}

TEST_P(script_calls, landlock_03_60)
{
    if (landlock_abi() < 1)
        GTEST_SKIP() << "no Landlock";
    expect_pass(all_rights + R"(
        local rules, e = C.landlock_create_ruleset{ handled_access_fs = all }
        assert(rules > 3); eq(e, 0)
        local added, e = C.landlock_add_rule(rules, 'path_beneath', {
            parent_fd = C.open('/usr', bit.bor(C.O_PATH, C.O_DIRECTORY)), allowed_access = {'read_file', 'read_dir', 'execute'} })
        eq(added, 0) eq(e, 0)
        fails(C.EBADF, C.landlock_add_rule, rules, 'path_beneath', { parent_fd = 99, allowed_access = {'read_file'} })
        fails(C.ENOMSG, C.landlock_add_rule, rules, 'path_beneath', { parent_fd = C.open('/', C.O_PATH), allowed_access = {} })
        if tonumber(status('CapEff'), 16) == 0 then fails(C.EPERM, C.landlock_restrict_self, rules) end
        set_no_new_privs()
        local done, e = C.landlock_restrict_self(rules)
        eq(done, 0) eq(e, 0)
        fails(C.EACCES, C.open, '/etc/passwd', C.O_RDONLY)
        fails(C.EACCES, C.open, '/etc', C.O_RDONLY)
        fails(C.EACCES, C.mkdir, '/tmp/never', 0)
        assert(C.open('/usr/bin/env', C.O_RDONLY) > 3)
        fails(C.EACCES, C.open, '/usr/bin/env', C.O_RDWR)
        fails(77, C.landlock_restrict_self, (C.open('/usr', C.O_RDONLY)))
        fails(C.EBADF, C.landlock_restrict_self, 99)
    )",
                GetParam());
}

TEST_P(script_calls, landlock_ports)
{
    if (landlock_abi() < 4)
        GTEST_SKIP() << "Landlock is too old";
    expect_pass(R"(
        local ffi = require 'ffi'
        ffi.cdef[[
            struct sockaddr_in { uint16_t family; uint8_t port[2]; uint8_t address[4]; uint8_t zero[8]; };
            int socket(int, int, int);
            int bind(int, const struct sockaddr_in*, int);
        ]]
        local rules = C.landlock_create_ruleset{ handled_access_net = {'bind_tcp', 'connect_tcp'} }
        eq(C.landlock_add_rule(rules, 'net_port', { port = 0, allowed_access = {'bind_tcp'} }), 0)
        fails(C.EINVAL, C.landlock_add_rule, rules, 'net_port', { port = 65536, allowed_access = {'bind_tcp'} })
        set_no_new_privs()
        C.landlock_restrict_self(rules)
        local function bind(high, low)
            local address = ffi.new('struct sockaddr_in', 2, {high, low}, {127, 0, 0, 1})
            return ffi.C.bind(ffi.C.socket(2, 1, 0), address, ffi.sizeof(address)) == 0 or ffi.errno()
        end
        eq(bind(0, 0), true)
        eq(bind(250, 1), C.EACCES)
    )",
                GetParam());
}

TEST(script_landlock, scopes)
{
    if (landlock_abi() < 6)
        GTEST_SKIP() << "Landlock is too old";
    expect_pass(R"(
        local rules = C.landlock_create_ruleset{ scoped = {'signal', 'abstract_unix_socket'} }
        set_no_new_privs()
        eq(shell('kill -0 ' .. status('PPid') .. ' && echo reached'), 'reached')
        C.landlock_restrict_self(rules)
        assert(shell('kill -0 ' .. status('PPid')):find('not permitted'))
    )");
}

TEST(script_landlock, argument_errors_03_60)
{
    if (landlock_abi() < 1)
        GTEST_SKIP() << "no Landlock";
    expect_pass(R"(
        local function raises(text, f, ...)
            local ok, e = pcall(f, ...)
            if ok or e ~= text then error(('%s instead of %s'):format(tostring(e), text), 2) end
        end
        local create, add, restrict = C.landlock_create_ruleset, C.landlock_add_rule, C.landlock_restrict_self
        raises('table expected for argument 1', create, 1)
        raises('table expected for argument 1', create, 'x', {})
        raises('table expected for argument 2', create, nil, 'version')
        raises('table expected for argument 2', create, {}, 1)
        raises('invalid ruleset attr', create, { nonsense = {} })
        raises('invalid ruleset attr', create, { {} })
        raises('invalid handled_access_fs', create, { handled_access_fs = 'execute' })
        raises('invalid LANDLOCK_ACCESS_FS', create, { handled_access_fs = {'fly'} })
        raises('invalid LANDLOCK_ACCESS_FS', create, { handled_access_fs = {1} })
        raises('invalid handled_access_net', create, { handled_access_net = 1 })
        raises('invalid LANDLOCK_ACCESS_NET', create, { handled_access_net = {'execute'} })
        raises('invalid scoped', create, { scoped = true })
        raises('invalid LANDLOCK_SCOPE', create, { scoped = {'x'} })
        raises('invalid LANDLOCK_CREATE_RULESET flag', create, nil, {'x'})
        fails(C.ENOMSG, create, { handled_access_fs = {} })
        fails(C.EINVAL, create, { handled_access_fs = {'execute'} }, {'version'})

        local rules = create{ handled_access_fs = {'execute'} }
        raises('integer expected for argument 1', add)
        raises('integer expected for argument 1', add, {}, 'path_beneath', {})
        raises('invalid argument 2', add, rules)
        raises('invalid argument 2', add, rules, 'path_above', {})
        raises('invalid argument 2', add, rules, 1, {})
        raises('table expected for argument 3', add, rules, 'path_beneath')
        raises('nil expected for argument 4', add, rules, 'path_beneath', {}, 0)
        raises('invalid path_beneath attr', add, rules, 'path_beneath', { nonsense = 1 })
        raises('invalid path_beneath attr', add, rules, 'path_beneath', { 1 })
        raises('invalid allowed_access', add, rules, 'path_beneath', { allowed_access = 'execute' })
        raises('invalid LANDLOCK_ACCESS_FS', add, rules, 'path_beneath', { allowed_access = {'fly'} })
        raises('invalid parent_fd', add, rules, 'path_beneath', { parent_fd = {} })
        raises('invalid net_port attr', add, rules, 'net_port', { parent_fd = 3 })
        raises('invalid LANDLOCK_ACCESS_NET', add, rules, 'net_port', { allowed_access = {'execute'} })
        raises('invalid port', add, rules, 'net_port', { port = {} })
        raises('integer expected for argument 1', restrict)
        raises('integer expected for argument 1', restrict, true)
        raises('nil expected for argument 2', restrict, rules, 0)
    )");
}

// Every function and constant that the manual names is there, and nothing else.
TEST(script_table, is_documented_03_54)
{
    std::ifstream file{SOURCE_ROOT "/doc/reference/init.script.adoc"};
    std::string manual{std::istreambuf_iterator<char>{file}, {}};
    ASSERT_FALSE(manual.empty());
    using namespace emilua::init_script;
    for (const function& f : helpers)
        EXPECT_NE(manual.find("`" + std::string{f.name} + "("), manual.npos) << f.name;
    for (const function& f : functions)
        EXPECT_NE(manual.find("`" + std::string{f.name} + "("), manual.npos) << f.name;
    for (const constant& c : constants)
        EXPECT_NE(manual.find("`" + std::string{c.name} + "`"), manual.npos) << c.name;

    // Names in backquotes: those before a parenthesis are functions, upper case ones constants.
    std::size_t constants_part = manual.find("== CONSTANTS OF C");
    std::string script;
    for (std::size_t i = manual.find('`', manual.find("== FUNCTIONS OF C")); i != manual.npos;
         i = manual.find('`', i + 1)) {
        std::size_t end = manual.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyz_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", i + 1);
        std::string name = manual.substr(i + 1, end - i - 1);
        if (i < constants_part && manual[end] == '(' && !name.empty())
            script += "assert(type(C." + name + ") == 'function')\n";
        if (i > constants_part && manual[end] == '`' && name.size() > 1 && std::isupper(name[0]))
            script += "assert(C." + name + " % 1 == 0)\n";
    }
    EXPECT_GT(std::ranges::count(script, '\n'), 190);
    expect_pass(script);
}

TEST(script_exec, arguments_and_environment_03_59)
{
    auto output = [](const std::string& script) {
        script_outcome result = run_script({script});
        EXPECT_EQ(result.err, "") << script;
        return result.out;
    };
    EXPECT_EQ(output("C.execve('/usr/bin/printf', {'ignored', '%s|', '', 'b c', '\\n'}, {})"), "|b c|\n|");
    EXPECT_EQ(output("C.execve('/usr/bin/env', {'env'}, {A = '', B = 'x=y'})").size(), 9u);
    EXPECT_EQ(output("C.execve('/usr/bin/env', {'env'}, nil)"), "");
    EXPECT_EQ(output("C.execve('/usr/bin/env', {'env'})"), "");
    EXPECT_EQ(output("C.execve('/usr/bin/env')"), "");
    EXPECT_EQ(output("C.fexecve(C.open('/usr/bin/env', bit.bor(C.O_PATH, C.O_CLOEXEC)), {'env'}, {Z = '1'})"),
              "Z=1\n");
    // Descriptor 3 is closed, what the script opened is not; the last one is of ls itself.
    EXPECT_EQ(output("C.open('/', C.O_RDONLY) C.open('/', bit.bor(C.O_RDONLY, C.O_CLOEXEC))\n"
                     "C.execve('/bin/ls', {'ls', '/proc/self/fd'})"),
              "0\n1\n2\n3\n4\n");
    // SIGPIPE is as programs expect it.
    EXPECT_EQ(output("C.execve('/bin/grep', {'grep', '^SigIgn', '/proc/self/status'})"),
              "SigIgn:\t0000000000000000\n");
    EXPECT_EQ(output("print(2^53, C.execve ~= nil) C.execve('/bin/true', {'true'})"), "")
        << "io buffers aren't flushed";

    EXPECT_EQ(output("errexit = false print(C.execve('/nowhere', {'x'}, {}))"), "-1\t2\n");
    EXPECT_EQ(output("errexit = false print(C.execve('/', {'x'})) print(C.fexecve(99, {'x'}))"),
              "-1\t13\n-1\t9\n");
    EXPECT_EQ(run_script({"C.execve('/nowhere', {'x'}, {})"}).err,
              "<3>ipc_actor/init: No such file or directory\n");
    EXPECT_EQ(run_script({"C.execve('/bin/sh', {'sh', '-c', 'exit 5'})"}).status, 5 << 8);
}

} // namespace
