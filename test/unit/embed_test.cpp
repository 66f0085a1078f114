#include "emilua/embed.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace {

using namespace emilua;

// Keeps what the program would print.
struct recorder final : reporter {
    std::vector<std::string> fiber_panics;
    std::vector<std::string> main_panics;

    void fiber_panic(const void*, std::string_view message, std::string_view) override
    {
        fiber_panics.emplace_back(message);
    }
    void main_panic(const void*, std::string_view message, std::string_view) override
    {
        main_panics.emplace_back(message);
    }
    void cleanup_error(const void*, const void*) override {}
    void out_of_memory(const void*) override {}
    void finalizer_error(const void*, std::string_view) override {}
    void deadlock(const void*, const std::vector<std::string>&) override {}
};

struct fixture : testing::Test {
    recorder report;
    application app{{.reporter = &report}};
    execution_context context;

    void run(const std::string& kind, const std::string& entry, const std::string& root = {})
    {
        program p{app, context, kind, entry, root};
        p.make_master();
        p.start();
        app.run(context);
    }

    // The error text with which the main fiber of `source` ends.
    std::string result_of(const std::string& source, const std::string& kind = "main")
    {
        std::string file = "/nowhere/result" + std::to_string(report.main_panics.size()) + ".lua";
        app.put_source(file, source);
        run(kind, file);
        return report.main_panics.empty() ? "" : report.main_panics.back();
    }

    start_error refusal(const std::string& kind, const std::string& entry, const std::string& root = {})
    {
        try {
            program{app, context, kind, entry, root};
        } catch (const start_error& e) {
            return e;
        }
        ADD_FAILURE() << entry << " was loaded";
        return {{}, ""};
    }
};

using embed = fixture;

TEST_F(embed, runs_sources_that_are_no_files)
{
    app.put_source("/nowhere/main.lua", "local m = require './m'\n"
                                        "local sub = require '/dir/sub'\n"
                                        "error(m.name .. ' ' .. sub.name .. ' ' .. tostring(_FILE), 0)");
    app.put_source("/nowhere/m.lua", "name = tostring(_FILE)");
    app.put_source("/nowhere/dir/sub/init.lua", "name = require('./leaf').name");
    app.put_source("/nowhere/dir/sub/leaf.lua", "name = tostring(_FILE)");
    run("main", "/nowhere/main.lua");
    ASSERT_EQ(report.main_panics.size(), 1u);
    EXPECT_EQ(report.main_panics[0], "/nowhere/m.lua /nowhere/dir/sub/leaf.lua /nowhere/main.lua");
}

TEST_F(embed, the_first_source_of_a_path_stays)
{
    app.put_source("/nowhere/a.lua", "error('first', 0)");
    app.put_source("/nowhere/a.lua", "error('second', 0)");
    run("main", "/nowhere/a.lua");
    EXPECT_EQ(report.main_panics.at(0), "first");
}

TEST_F(embed, turtle_modules_come_from_the_cache_too)
{
    app.put_source("/nowhere/e.ttl",
                   "@prefix cat: <https://schema.emilua.org/error_category/0/#>.\n"
                   "<about:emilua-module> a <https://schema.emilua.org/error_category/0/>;\n"
                   "cat:error [ cat:code 1; cat:alias \"E\"; cat:message \"embedded\" ].");
    EXPECT_EQ(result_of("error(require('./e').E)"), "embedded");
}

TEST_F(embed, context_kinds)
{
    for (const char* kind : {"main", "test", "worker"})
        EXPECT_EQ(result_of("error(_CONTEXT, 0)", kind), kind);
    for (const char* kind : {"", "Main", "other", "main "}) {
        start_error e = refusal(kind, "/nowhere/result0.lua");
        EXPECT_EQ(e.code, make_error_code(core_errc::bad_root_context));
        EXPECT_STREQ(e.what(), "Bad root context");
    }
}

TEST_F(embed, has_no_fork_server)
{
    EXPECT_EQ(result_of("spawn_vm{ module = '/a.lua', subprocess = {} } return 1"), "No child processes");
}

TEST_F(embed, exit_status_is_that_of_main_programs)
{
    result_of("error('x')", "worker");
    EXPECT_EQ(app.exit_status(), 0);
    app.put_source("/nowhere/good.lua", "");
    run("main", "/nowhere/good.lua");
    EXPECT_EQ(app.exit_status(), 0);
    result_of("error('x')", "test");
    EXPECT_EQ(app.exit_status(), 1);
}

TEST_F(embed, the_master_decides_about_the_exit_status)
{
    app.put_source("/nowhere/exit.lua", "require('system').exit(7)");
    {
        program p{app, context, "worker", "/nowhere/exit.lua"};
        p.start();
        app.run(context);
    }
    EXPECT_EQ(app.exit_status(), 0);
    run("worker", "/nowhere/exit.lua");
    EXPECT_EQ(app.exit_status(), 7);
}

TEST_F(embed, start_failures)
{
    start_error missing = refusal("main", "/nowhere/missing.lua");
    EXPECT_EQ(missing.code, error_code(ENOENT, boost::system::system_category()));
    EXPECT_STREQ(missing.what(), "/nowhere/missing.lua: No such file or directory");

    EXPECT_EQ(refusal("main", "/").code, error_code(EISDIR, boost::system::system_category()));

    app.put_source("/nowhere/syntax.lua", "=");
    start_error syntax = refusal("main", "/nowhere/syntax.lua");
    EXPECT_EQ(syntax.code.value(), 3);
    EXPECT_STREQ(syntax.code.category().name(), "lua");
    EXPECT_STREQ(syntax.what(),
                 "/nowhere/syntax.lua:1: unexpected symbol near '=': syntax error during pre-compilation");

    app.put_source("/nowhere/good.lua", "");
    for (auto& e :
         {refusal("main", "good.lua"), refusal("main", ""), refusal("main", "/nowhere/good.lua", "nowhere")})
        EXPECT_EQ(e.code, errc::invalid_argument);
}

TEST_F(embed, import_root)
{
    const char* source = "local ok, e = pcall(require, '../x')\n"
                         "error(ok and e.name or e.code .. '', 0)";
    app.put_source("/nowhere/sub/main.lua", source);
    app.put_source("/nowhere/x.lua", "name = 'x'");
    run("main", "/nowhere/sub/main.lua");
    run("main", "/nowhere/sub/main.lua", "/nowhere");
    run("main", "/nowhere/sub/main.lua", "/nowhere///");
    run("main", "/nowhere/sub/main.lua", "/nowhere/sub//");
    EXPECT_EQ(report.main_panics, (std::vector<std::string>{"3", "x", "x", "3"}));
}

TEST_F(embed, settings)
{
    application other{{.arguments = {"program", "argument"},
                       .environment = {{"NAME", "value"}},
                       .package_directories = {"/packages/"},
                       .fiber_stack_size = 1,
                       .main_fiber_stack_size = 300'001,
                       .reporter = &report}};
    other.put_source("/packages/p.lua", "name = tostring(_FILE)");
    other.put_source("/nowhere/main.lua", "local p = require 'p'\n"
                                          "local system = require 'system'\n"
                                          "local text = p.name .. ' ' .. system.arguments[2] .. ' ' ..\n"
                                          "    system.environment.NAME\n"
                                          "spawn(function() error(text, 0) end):detach()");
    program p{other, context, "main", "/nowhere/main.lua"};
    p.start();
    other.run(context);
    EXPECT_EQ(report.fiber_panics, std::vector<std::string>{"/packages/p.lua argument value"});
}

TEST_F(embed, programs_that_never_run)
{
    app.put_source("/nowhere/main.lua", "error 'it ran'");
    program never_started{app, context, "main", "/nowhere/main.lua"};
    program never_run{app, context, "main", "/nowhere/main.lua"};
    never_run.make_master();
    never_run.start();
    never_run.start();
    EXPECT_TRUE(report.main_panics.empty());
}

TEST_F(embed, the_application_may_run_the_io_context)
{
    app.put_source("/nowhere/main.lua", "error('done', 0)");
    program p{app, context, "main", "/nowhere/main.lua"};
    p.start();
    std::thread{[&] { context.io().run(); }}.join();
    app.wait();
    EXPECT_EQ(report.main_panics, std::vector<std::string>{"done"});
    EXPECT_EQ(app.exit_status(), 1);
}

TEST_F(embed, contexts_run_side_by_side)
{
    app.put_source("/nowhere/main.lua",
                   "for i = 1, 1000 do spawn(function() this_fiber.yield() end):join() end");
    execution_context other{true};
    program here{app, context, "main", "/nowhere/main.lua"};
    program there{app, other, "worker", "/nowhere/main.lua"};
    here.start();
    there.start();
    std::thread thread{[&] { other.io().run(); }};
    app.run(context);
    thread.join();
    EXPECT_TRUE(report.main_panics.empty());
    EXPECT_EQ(app.exit_status(), 0);
}

TEST(embed_defaults, environment_and_packages)
{
    setenv("EMBED_TEST", "a=b", 1);
    setenv("EMILUA_PATH", "/abs:", 1);
    environment variables = process_environment();
    EXPECT_NE(std::find(variables.begin(), variables.end(),
                        std::pair<std::string, std::string>{"EMBED_TEST", "a=b"}),
              variables.end());
    auto directories = default_package_directories();
    ASSERT_EQ(directories.size(), 3u);
    EXPECT_EQ(directories[0], "/abs");
    EXPECT_TRUE(directories[1].starts_with('/'));
    EXPECT_TRUE(directories[2].starts_with('/'));
    unsetenv("EMILUA_PATH");
    EXPECT_EQ(default_package_directories().size(), 1u);
}

} // namespace
