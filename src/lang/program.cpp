#include "lang/program.hpp"

#include "core/context.hpp"
#include "lang/lang.hpp"
#include "lang/source.hpp"

namespace emilua {

std::unique_ptr<vm> load_program(runtime& rt, std::shared_ptr<context> ctx, module_info entry)
{
    if (entry.context != "main" && entry.context != "test" && entry.context != "worker") {
        error_code ec = core_errc::bad_root_context;
        throw start_error{ec, ec.message()};
    }
    bool is_main = entry.context != "worker";
    auto v = std::make_unique<vm>(rt, std::move(ctx));
    lua_State* L = v->state();
    // C++ exceptions must not cross lua_cpcall: load() keeps the one it catches.
    struct {
        module_info& entry;
        std::exception_ptr failure;
    } job{entry, nullptr};
    auto load = [](lua_State* L) {
        auto& j = *static_cast<decltype(job)*>(lua_touserdata(L, 1));
        open_language(vm::of(L));
        try {
            loader::of(L).load_entry(L, std::move(j.entry));
        } catch (const start_error&) {
            j.failure = std::current_exception();
        }
        return 0;
    };
    if (int status = lua_cpcall(L, load, &job)) {
        error_code ec{status, lua_category()};
        throw start_error{ec, panic_message(L, -1) + ": " + ec.message()};
    }
    if (job.failure)
        std::rethrow_exception(job.failure);
    v->is_main_vm = is_main;
    return v;
}

void start_program(std::unique_ptr<vm> v)
{
    vm& started = *v;
    started.rt().adopt(std::move(v));
    started.start();
}

} // namespace emilua
