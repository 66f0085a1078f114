// A program with its Lua code inside: no .lua file is read when it runs.
//
//     c++ -std=c++20 main.cpp $(pkg-config --cflags --libs emilua) -o embed
#include "scripts.hpp"

#include <csignal>
#include <cstdio>
#include <emilua/embed.hpp>

int main(int argc, char* argv[])
{
    std::signal(SIGPIPE, SIG_IGN); // a broken pipe shall be an error, not a death

    emilua::application app{{
        .arguments = {argv, argv + argc},
        .environment = emilua::process_environment(),
    }};
    app.put_source("/app/main.lua", main_lua);
    app.put_source("/app/greeting.lua", greeting_lua);

    emilua::execution_context context;
    try {
        emilua::program program{app, context, "main", "/app/main.lua"};
        program.make_master();
        program.start();
    } catch (const emilua::start_error& e) {
        std::fprintf(stderr, "cannot start: %s\n", e.what());
        return 1;
    }
    app.run(context);
    return app.exit_status();
}
