// The life of an init script: globals, failures, what it leaves behind. The functions of C:
// init_script_calls_test.cpp.
#include "init_script_runner.hpp"

#include "sandbox/script_arena.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace {

// The script ends well and prints this.
void expect_output(const std::string& script, const std::string& output)
{
    script_outcome result = run_script({script});
    EXPECT_EQ(result.out, output) << script;
    EXPECT_EQ(result.err, "") << script;
    EXPECT_TRUE(result.ended_with(0)) << script;
}

// The script ends the process with status 1 and this on stderr.
void expect_failure(const std::string& script, const std::string& error, const std::string& output = "")
{
    script_outcome result = run_script({script});
    EXPECT_EQ(result.err, error) << script;
    EXPECT_EQ(result.out, output) << script;
    EXPECT_TRUE(result.ended_with(1)) << script << " gave wait status " << result.status;
}

struct descriptor_pair {
    int ends[2];

    explicit descriptor_pair(int socket_type = 0)
    {
        int error =
            socket_type ? socketpair(AF_UNIX, socket_type | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC);
        if (error)
            std::abort();
    }
    ~descriptor_pair()
    {
        close_end(0);
        close_end(1);
    }
    void close_end(int i)
    {
        if (ends[i] != -1)
            close(std::exchange(ends[i], -1));
    }
};

TEST(init_script, errors_03_51)
{
    expect_failure("error('boom', 0)", "<3>ipc_actor/init/script: boom\n");
    expect_failure("local x = nil + 1",
                   "<3>ipc_actor/init/script: init.script:1: attempt to perform arithmetic on a "
                   "nil value\n");
    expect_failure("\nx = ", "<3>ipc_actor/init/script: init.script:2: unexpected symbol near '<eof>'\n");
    expect_failure("error{}", "");
    expect_failure("error(42, 0)", "");
    expect_failure("error()", "");
    expect_failure("error(setmetatable({}, {__tostring = function() return 'x' end}))", "");
    expect_failure("\033LJ", "<3>ipc_actor/init/script: attempt to load chunk with wrong mode\n");
}

TEST(init_script, errexit_ends_the_process_03_51)
{
    expect_failure("pcall(C.mkdir, '/', 0) print('on')", "<3>ipc_actor/init: File exists\n");
    expect_failure("print('kept') coroutine.wrap(function() pcall(C.chdir, '/nowhere') end)()",
                   "<3>ipc_actor/init: No such file or directory\n", "kept\n");
    expect_failure("xpcall(write_all, print, 99, 'x')", "<3>ipc_actor/init: Bad file descriptor\n");
    expect_failure("receive_with_fd(0, 1)", "<3>ipc_actor/init: Socket operation on non-socket\n");
}

TEST(init_script, memory_budget_03_51)
{
    std::string line = "<3>ipc_actor/init/alloc: Cannot allocate memory\n";
    expect_failure("local s = 'x' while true do s = s .. s end", line);
    expect_failure("pcall(function() local t = {} while true do t = {t} end end)", line);
    expect_failure("pcall(C.read, 0, 2^40)", line);
    expect_failure("pcall(C.read, 0, 2^62)", line);
    expect_failure("pcall(receive_with_fd, 0, 2^40)", line);
    expect_failure("require('ffi').new('char[?]', 2^30)", line);
    // The promised minimum, and buffers are given back.
    expect_output("local s = ('x'):rep(2^20 / 2)", "");
    expect_output("local fd = C.open('/dev/zero', C.O_RDONLY) for i = 1, 100 do C.read(fd, 2^20) end", "");
    expect_output("local t = {} for i = 1, 2^15 do t[i] = i end print(#t)", "32768\n");
}

TEST(init_script, errexit_off_03_52)
{
    expect_output("errexit = false print(C.chdir('/nowhere'))", "-1\t2\n");
    expect_output("errexit = nil print(C.chdir('/nowhere'))", "-1\t2\n");
    expect_output("errexit = false print(C.read(99, 1))", "nil\t9\n");
    expect_output("errexit = false print(receive_with_fd(0, 1))", "nil\t-1\t88\n");
    expect_output("errexit = false print(send_with_fd(0, 'x', 0)) print(write_all(99, 'x'))",
                  "-1\t88\n-1\t9\n");
    expect_output("errexit = false C.chdir('/nowhere') errexit = true C.chdir('/') print(errexit)", "true\n");
    expect_failure("errexit = 0 C.chdir('/nowhere')", "<3>ipc_actor/init: No such file or directory\n");
    expect_failure("errexit = {} C.chdir('/nowhere')", "<3>ipc_actor/init: No such file or directory\n");
    // It is the global that counts, whatever its table does.
    expect_failure("setmetatable(_G, {__index = error}) errexit = true pcall(C.chdir, '/nowhere')",
                   "<3>ipc_actor/init: No such file or directory\n");
    expect_output("errexit = nil setmetatable(_G, {__index = error}) print(C.chdir('/nowhere'))", "-1\t2\n");
}

TEST(init_script, table_c_03_52)
{
    expect_output("print(pcall(function() return C.nonsense end))", "false\tkey not found\n");
    expect_output("print(pcall(function() return C.jail_set end))", "false\tkey not found\n");
    expect_output("print(pcall(function() C.EPERM = 2 end))", "false\tC is read-only\n");
    expect_output("print(pcall(function() C.new = 2 end))", "false\tC is read-only\n");
    expect_output("print(type(C), getmetatable(C))", "userdata\tC\n");
}

TEST(init_script, wrong_arguments_are_lua_errors)
{
    expect_output("print(pcall(C.chdir))", "false\tbad argument #1 to '?' (string expected, got no value)\n");
    expect_output("print(pcall(C.mkdir, nil, nil))",
                  "false\tbad argument #1 to '?' (string expected, got nil)\n");
    expect_output("print(pcall(C.mkdir, 'x', nil))",
                  "false\tbad argument #2 to '?' (number expected, got nil)\n");
    expect_output("print(pcall(C.umask, nil))", "false\tbad argument #1 to '?' (number expected, got nil)\n");
    expect_output("print(pcall(C.write, 1, 7))",
                  "false\tbad argument #2 to '?' (string expected, got number)\n");
    expect_output("print(pcall(C.chdir, '/\\0etc'))",
                  "false\tbad argument #1 to '?' (string contains zeros)\n");
    expect_output("print(pcall(C.read, 0, -1))",
                  "false\tbad argument #2 to '?' (size must not be negative)\n");
    expect_output("print(pcall(C.cap_set_ambient, 'cap_chown', 1))",
                  "false\tbad argument #2 to '?' (boolean expected, got number)\n");
    expect_output("print(pcall(C.execve, '/bin/true', 1))",
                  "false\tbad argument #2 to '?' (table expected, got number)\n");
    expect_output("print(pcall(C.execve, '/bin/true', {}, 'x'))",
                  "false\tbad argument #3 to '?' (table expected, got string)\n");
    expect_output("print(pcall(C.setgroups, 5))",
                  "false\tbad argument #1 to '?' (table expected, got number)\n");
    expect_failure("C.mkdir('x', {})",
                   "<3>ipc_actor/init/script: init.script:1: bad argument #2 to 'mkdir' (number "
                   "expected, got table)\n");
    expect_output("print(C.umask('0x12'), (C.umask('7')))", "18\t18\n");
}

TEST(init_script, some_arguments_abort_anyway_03_56)
{
    for (std::string call :
         {"cap_set_proc('nonsense')", "cap_set_proc('cap_nonsense=ep')", "cap_drop_bound('cap_nonsense')",
          "cap_set_ambient('cap_nonsense', true)", "setgroups{0, 'x'}", "setgroups{{}}",
          "execve('/bin/true', {'true', 1})", "execve('/bin/true', {true})", "execve('/bin/true', {'a\\0b'})",
          "execve('/bin/true', {}, {a = 1})", "execve('/bin/true', {}, {'a'})",
          "execve('/bin/true', {}, {['a=b'] = 'c'})", "fexecve(0, {1})", "fexecve(0, nil, {a = {}})"}) {
        std::string name = call.substr(0, call.find_first_of("({"));
        expect_failure("errexit = false pcall(function() C." + call + " end) print('on')",
                       "<3>ipc_actor/init/" + name + ": Invalid argument\n");
    }
}

TEST(init_script, libraries)
{
    expect_output(
        "for _, name in ipairs{'string', 'table', 'math', 'bit', 'io', 'os', 'debug', 'coroutine'} do\n"
        "    assert(type(_G[name]) == 'table' and require(name) == _G[name], name)\n"
        "end\n"
        "local ffi = require 'ffi'\n"
        "ffi.cdef'int getpid(void);'\n"
        "print(ffi.C.getpid() > 1)",
        "true\n");
    expect_output("for _, name in ipairs{'jit', 'ffi', 'spawn', 'byte_span', 'arg'} do\n"
                  "    assert(rawget(_G, name) == nil, name)\n"
                  "end",
                  "");
    script_outcome result = run_script({"io.write('bye') os.exit(7)"});
    EXPECT_TRUE(result.ended_with(7));
    EXPECT_EQ(result.out, "bye");
    EXPECT_EQ(result.err, "");
}

TEST(init_script, standard_streams_are_flushed)
{
    script_outcome result =
        run_script({"io.write('one ') print('two') f = io.open('/dev/stdout', 'a') f:write('three')",
                    caller::root, -1, [] { (void)!write(1, " four", 5); }});
    EXPECT_EQ(result.out, "threeone two\n four");
    expect_output("", "");
    expect_output("return 1, error", "");
}

TEST(init_script, arg_03_53)
{
    expect_output("print(arg)", "nil\n");
    descriptor_pair pair{SOCK_SEQPACKET};
    script_outcome result = run_script({"print(arg, C.read(arg, 10))", caller::root, pair.ends[0], {}, [&] {
                                            (void)!write(pair.ends[1], "x\0y", 3);
                                        }});
    EXPECT_EQ(result.out, (std::string{"4\tx\0y\t0\n", 8}));

    script_outcome failed =
        run_script({"error('x', 0)", caller::root, pair.ends[0], {}, [&] { pair.close_end(0); }});
    EXPECT_EQ(failed.err, "<3>ipc_actor/init/script: x\n");
    char byte;
    EXPECT_EQ(read(pair.ends[1], &byte, 1), 0);
}

TEST(init_script, reading_and_writing_03_55)
{
    expect_output("print(C.read(C.open('/dev/null', C.O_RDONLY), 5))", "\t0\n");
    expect_output("print(C.umask(7)) print(C.umask(0))", "18\t0\n7\t0\n");
    expect_output("print(mode(7,5,5), select('#', mode(7,5,5)))", "493\t1\n");
    expect_output("print(C.write(1, 'a\\0b'))", std::string{"a\0b3\t0\n", 7});
    expect_output("print(write_all(1, 'a\\0b')) print(write_all(99, ''))",
                  std::string{"a\0b3\t0\n0\t0\n", 11});

    descriptor_pair pipe;
    std::string received;
    script_outcome result =
        run_script({"print(write_all(arg, ('0123456789'):rep(30000)))", caller::root, pipe.ends[1], {}, [&] {
                        pipe.close_end(1);
                        char buffer[30000];
                        usleep(50'000);
                        while (ssize_t n = read(pipe.ends[0], buffer, sizeof(buffer)))
                            received.append(buffer, n);
                    }});
    EXPECT_EQ(result.out, "300000\t0\n");
    EXPECT_EQ(received.size(), 300000u);
}

TEST(init_script, broken_pipe_is_an_error)
{
    descriptor_pair pipe;
    pipe.close_end(0);
    EXPECT_EQ(run_script({"write_all(arg, 'x')", caller::root, pipe.ends[1]}).err,
              "<3>ipc_actor/init: Broken pipe\n");
    EXPECT_EQ(run_script({"errexit = false print(C.write(arg, 'x'))", caller::root, pipe.ends[1]}).out,
              "-1\t32\n");
    descriptor_pair pair{SOCK_SEQPACKET};
    pair.close_end(0);
    EXPECT_EQ(run_script({"send_with_fd(arg, 'x', 0)", caller::root, pair.ends[1]}).err,
              "<3>ipc_actor/init: Broken pipe\n");
}

TEST(init_script, descriptors_travel)
{
    descriptor_pair pair{SOCK_SEQPACKET}, carried;
    script_outcome result =
        run_script({"local text, fd, e = receive_with_fd(arg, 3)\n"
                    "print(text, fd, e)\n"
                    "write_all(fd, 'through ')\n"
                    "print(send_with_fd(arg, 'back', fd))\n"
                    "write_all(fd, 'still open')\n"
                    "print(receive_with_fd(arg, 10))\n"
                    "print(receive_with_fd(arg, 10))\n"
                    "require('ffi').cdef 'int fcntl(int, int, ...);'\n"
                    "local count = 0\n"
                    "for i = 0, 99 do if require('ffi').C.fcntl(i, 1) ~= -1 then count = count + 1 end end\n"
                    "print(count)\n"
                    "for line in io.lines('/proc/self/fdinfo/' .. fd) do\n"
                    "    local flags = line:match('flags:%s+(%d+)') if flags then print(flags) end\n"
                    "end",
                    caller::root,
                    pair.ends[1],
                    {},
                    [&] {
                        pair.close_end(1);
                        char control[CMSG_SPACE(3 * sizeof(int))]{};
                        iovec data{const_cast<char*>("abcdef"), 6};
                        msghdr message{nullptr, 0, &data, 1, control, sizeof(control), 0};
                        cmsghdr* header = CMSG_FIRSTHDR(&message);
                        *header = {CMSG_LEN(3 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
                        int fds[] = {carried.ends[1], carried.ends[0], carried.ends[0]};
                        std::memcpy(CMSG_DATA(header), fds, sizeof(fds));
                        sendmsg(pair.ends[0], &message, 0);
                        (void)!write(pair.ends[0], "plain", 5);
                        char buffer[8];
                        data = {buffer, sizeof(buffer)};
                        message.msg_controllen = sizeof(control);
                        EXPECT_EQ(recvmsg(pair.ends[0], &message, 0), 4);
                        header = CMSG_FIRSTHDR(&message);
                        ASSERT_TRUE(header && header->cmsg_type == SCM_RIGHTS &&
                                    header->cmsg_len == CMSG_LEN(sizeof(int)));
                        int fd;
                        std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
                        close(fd);
                        pair.close_end(0);
                    }});
    // 0-3, arg and the received one: the surplus descriptors are gone.
    EXPECT_EQ(result.out, "abc\t5\t0\n4\t0\nplain\t-1\t0\n\t-1\t0\n6\n02000001\n");
    EXPECT_EQ(result.err, "");
    carried.close_end(1);
    char buffer[32];
    EXPECT_EQ(std::string(buffer, read(carried.ends[0], buffer, sizeof(buffer))), "through still open");
}

// How often the parent's secret is in this process, which never saw it but through the script.
int count_in_memory(const std::array<char, 2>& beginning)
{
    int count = 0;
    FILE* maps = std::fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    unsigned long begin, end;
    char rights[5];
    std::vector<char> bytes;
    while (std::fscanf(maps, "%lx-%lx %4s%*[^\n]", &begin, &end, rights) == 3) {
        if (rights[0] != 'r' || rights[1] != 'w')
            continue;
        bytes.resize(end - begin);
        ssize_t n = pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(begin));
        // The secret alternates two characters that are otherwise never found side by side so often.
        for (ssize_t i = 0, length = 0; i < n; ++i) {
            bool goes_on = bytes[i] == beginning[length % 2];
            length = goes_on ? length + 1 : 0;
            if (length == 32) {
                ++count;
                length = 0;
            }
        }
    }
    std::fclose(maps);
    close(memory);
    return count;
}

TEST(init_script, secrets_are_wiped_03_57)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "its shadow memory is too much to search";
#endif
    constexpr std::array<char, 2> pattern{'\xb1', '\x4e'};
    for (bool leaks : {false, true}) { // the second time the search proves that it can find
        descriptor_pair pair{SOCK_SEQPACKET};
        std::string keep =
            leaks ? "local ffi = require 'ffi' ffi.cdef'char* strdup(const char*);' ffi.C.strdup(kept)" : "";
        script_outcome result =
            run_script({"local secret = C.read(arg, 64)\n"
                        "kept = (secret .. 'x'):gsub('x', function(s) return s .. secret end)\n"
                        "local received = receive_with_fd(arg, 64)\n"
                        "local t = {received:byte(1, -1)} kept = kept .. string.char(unpack(t))\n"
                        "assert(#kept == 64 * 3 + 1)\n" +
                            keep,
                        caller::root, pair.ends[1], [&] { std::printf("%d", count_in_memory(pattern)); },
                        [&] {
                            std::string secret;
                            for (int i = 0; i < 32; ++i)
                                secret.append(pattern.data(), 2);
                            for (int i = 0; i < 2; ++i)
                                (void)!write(pair.ends[0], secret.data(), secret.size());
                        }});
        EXPECT_EQ(result.err, "");
        EXPECT_EQ(result.out == "0", !leaks) << result.out;
    }
}

TEST(script_arena, blocks)
{
    using emilua::init_script::script_arena;
    script_arena arena;
    auto allocate = [&](void* p, std::size_t old_size, std::size_t size) {
        return static_cast<char*>(script_arena::allocate(&arena, p, old_size, size));
    };
    char* first = allocate(nullptr, 0, 10);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 16, 0u);
    std::strcpy(first, "content");
    EXPECT_EQ(allocate(first, 10, 1000), first) << "the last block grows where it is";
    char* second = allocate(nullptr, 0, 100);
    EXPECT_GE(second, first + 1000);
    char* moved = allocate(first, 1000, 2000);
    EXPECT_NE(moved, first);
    EXPECT_STREQ(moved, "content");
    EXPECT_EQ(allocate(second, 100, 50), second) << "other blocks shrink where they are";
    EXPECT_EQ(allocate(second, 50, 0), nullptr);
    EXPECT_EQ(allocate(moved, 2000, 0), nullptr);
    EXPECT_EQ(allocate(nullptr, 0, 10), moved) << "the last block is reclaimed";
    std::byte* buffer = arena.take_buffer(100);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer) % 16, 0u);
    arena.return_buffer(100);
    EXPECT_EQ(arena.take_buffer(100), buffer);
    arena.return_buffer(100);
}

} // namespace
