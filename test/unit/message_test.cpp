#include "actor/message.hpp"

#include "actor/channel.hpp"
#include "core/class.hpp"
#include "core/context.hpp"
#include "core/runtime.hpp"
#include "core/vm.hpp"
#include "io/file_descriptor.hpp"
#include "lang/lang.hpp"
#include "silent_reporter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <optional>

namespace emilua {

namespace {

std::optional<message> held;

int hold(lua_State* L)
{
    held = message::encode(L, 1);
    return 0;
}

int take(lua_State* L)
{
    held->decode(L);
    held.reset();
    return 1;
}

int descriptor(lua_State* L)
{
    push_file_descriptor(L).value = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return 1;
}

int own_channel(lua_State* L)
{
    push_channel(L, address{vm::of(L).inbox});
    return 1;
}

// The number of the next descriptor: grows with each one that is open.
int lowest_free_descriptor()
{
    int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(fd);
    return fd;
}

struct message_test : testing::Test {
    silent_reporter report;
    runtime rt{report};
    vm v{rt, std::make_shared<context>(true)};

    message_test()
    {
        lua_cpcall(
            v.state(), [](lua_State* L) { return open_language(vm::of(L)), 0; }, nullptr);
    }
    ~message_test() override { held.reset(); }

    // What the chunk returns, or its error.
    std::string run(const char* chunk)
    {
        lua_State* L = v.state();
        lua_settop(L, 0);
        if (luaL_loadstring(L, chunk) == 0) {
            push_new_globals(L);
            set_functions(L, {{"hold", fn<hold>},
                              {"take", fn<take>},
                              {"descriptor", fn<descriptor>},
                              {"own_channel", fn<own_channel>}});
            lua_setfenv(L, 1);
            if (lua_pcall(L, 0, 1, 0) == 0)
                return luaL_optstring(L, -1, "nothing");
        }
        return panic_message(L, -1);
    }
};

TEST_F(message_test, scalars)
{
    EXPECT_EQ(run("for _, x in ipairs{true, false, 1.5, '', 'a\\0b', ('x'):rep(30), ('x'):rep(31)} do"
                  "    hold(x) assert(take() == x) hold{x} assert(take()[1] == x) end"),
              "nothing");
    EXPECT_EQ(run("hold(nil)"), "Invalid argument");
    EXPECT_EQ(run("hold(print)"), "Invalid argument");
    EXPECT_EQ(run("hold(newproxy())"), "Operation not supported");
}

TEST_F(message_test, depth)
{
    for (const char* key : {"1", "'k'"}) {
        std::string build =
            "local t = {} for i = 2, DEPTH do t = {[" + std::string{key} + "] = t} end hold(t) ";
        auto at = [&](const std::string& depth, const std::string& then) {
            std::string chunk = build + then;
            return run(chunk.replace(chunk.find("DEPTH"), 5, depth).c_str());
        };
        std::string measure = "local n, t = 0, take() while t do n, t = n + 1, t[" + std::string{key} +
                              "] end return tostring(n)";
        EXPECT_EQ(at("1", measure), "1");
        EXPECT_EQ(at("100000", measure), "100000");
        EXPECT_EQ(at("100000", ""), "nothing");
        held.reset(); // destroyed without being read
    }
}

TEST_F(message_test, too_many_levels)
{
    EXPECT_EQ(run("local t = {} for i = 2, 1048577 do t = {t} end hold(t)"), "Too many levels");
}

TEST_F(message_test, cycles)
{
    EXPECT_EQ(run("local t = {} t.t = t hold(t)"), "Reference cycle exists");
    EXPECT_EQ(run("local t = {1, {}} t[2].up = t hold(t)"), "Reference cycle exists");
    EXPECT_EQ(run("local t = {} hold{t, t, {t}} local c = take() assert(c[1] ~= c[2] and #c[3] == 1)"),
              "nothing");
}

TEST_F(message_test, a_message_that_nobody_takes_closes_its_descriptors)
{
    int before = lowest_free_descriptor();
    EXPECT_EQ(run("local fd = descriptor() hold{fd, {x = fd}} fd:close()"), "nothing");
    held.reset();
    EXPECT_EQ(lowest_free_descriptor(), before);
    EXPECT_EQ(run("local fd = descriptor() hold(fd) fd:close() take():close()"), "nothing");
    EXPECT_EQ(lowest_free_descriptor(), before);
}

TEST_F(message_test, an_error_behind_descriptors_closes_them)
{
    int before = lowest_free_descriptor();
    EXPECT_EQ(run("local fd = descriptor() local t = {fd, {fd}} t[3] = t local ok, e = pcall(hold, t)"
                  "fd:close() return tostring(e)"),
              "Reference cycle exists");
    EXPECT_EQ(lowest_free_descriptor(), before);
}

TEST_F(message_test, addresses_count_as_senders_until_they_are_released)
{
    message ignored;
    EXPECT_EQ(run("local c = own_channel() hold{c, {c}} c:close()"), "nothing");
    EXPECT_EQ(v.inbox->receive(ignored), mailbox::receive_status::empty);
    held.reset();
    EXPECT_EQ(v.inbox->receive(ignored), mailbox::receive_status::no_senders);
    EXPECT_EQ(run("local c = own_channel() hold(c) c:close() take():close()"), "nothing");
    EXPECT_EQ(v.inbox->receive(ignored), mailbox::receive_status::no_senders);
}

} // namespace

} // namespace emilua
