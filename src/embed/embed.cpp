#include "emilua/embed.hpp"

#include "cli/report.hpp"
#include "cli/settings.hpp"
#include "core/context.hpp"
#include "core/stack_pool.hpp"
#include "emilua_config.h"
#include "lang/module_name.hpp"
#include "lang/program.hpp"

#include <algorithm>

namespace emilua {

namespace {

std::size_t stack_size(std::size_t wanted, std::size_t minimum, std::size_t configured)
{
    if (wanted == 0)
        return configured;
    std::size_t page = page_size();
    return (std::max(wanted, minimum) + page - 1) / page * page;
}

// Module names are resolved by comparing text: directories have no slash at their end.
std::string directory(std::string path)
{
    while (path.size() > 1 && path.ends_with('/'))
        path.pop_back();
    return path;
}

} // namespace

struct execution_context::implementation {
    std::shared_ptr<context> value;
};

execution_context::execution_context(bool single_threaded)
    : impl_{new implementation{std::make_shared<context>(single_threaded)}}
{
}

execution_context::~execution_context() = default;

boost::asio::io_context& execution_context::io()
{
    return impl_->value->io;
}

struct application::implementation {
    std::unique_ptr<reporter> own_reporter;
    runtime rt;

    explicit implementation(reporter* given)
        : own_reporter{given ? nullptr : new cli::stderr_reporter{cli::log_level(), cli::use_colors()}}
        , rt{given ? *given : *own_reporter}
    {
    }
};

application::application(application_settings settings)
    : impl_{new implementation{settings.reporter}}
{
    runtime& rt = impl_->rt;
    rt.arguments = std::move(settings.arguments);
    rt.environment = std::move(settings.environment);
    for (std::string& path : settings.package_directories)
        rt.package_directories.push_back(directory(std::move(path)));
    rt.fiber_stack_size = stack_size(settings.fiber_stack_size, 128 * 1024, EMILUA_FIBER_STACK_SIZE);
    rt.main_stack_size = stack_size(settings.main_fiber_stack_size, 256 * 1024, EMILUA_MAIN_FIBER_STACK_SIZE);
}

application::~application()
{
    wait();
}

void application::put_source(std::string path, std::string text)
{
    impl_->rt.sources.put(std::move(path), std::move(text));
}

void application::run(execution_context& context)
{
    if (context.io().stopped())
        context.io().restart(); // an earlier program has ended in it
    impl_->rt.run(*context.impl_->value);
}

void application::wait()
{
    impl_->rt.wait();
}

int application::exit_status() const
{
    return impl_->rt.exit_status();
}

struct program::implementation {
    std::unique_ptr<vm> loaded;
};

program::program(application& app, execution_context& context, std::string_view kind, std::string entry,
                 std::string import_root)
{
    if (import_root.empty())
        import_root = directory_of(entry);
    for (const std::string& path : {entry, import_root}) {
        if (!path.starts_with('/')) {
            auto ec = errc::make_error_code(errc::invalid_argument);
            throw start_error{ec, path + ": " + ec.message()};
        }
    }
    impl_.reset(new implementation{load_program(app.impl_->rt, context.impl_->value,
                                                {.file = std::move(entry),
                                                 .import_root = directory(std::move(import_root)),
                                                 .context = std::string{kind}})});
}

program::~program() = default;

void program::start()
{
    if (!impl_->loaded)
        return;
    if (master_)
        impl_->loaded->rt().set_master(impl_->loaded.get());
    start_program(std::move(impl_->loaded));
}

} // namespace emilua
