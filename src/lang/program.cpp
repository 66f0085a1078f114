#include "lang/program.hpp"

#include "core/context.hpp"
#include "lang/lang.hpp"
#include "lang/source.hpp"

namespace emilua {

vm& start_program(runtime& rt, std::shared_ptr<context> ctx, module_info entry,
                  const std::function<void(vm&)>& prepare)
{
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
    if (prepare)
        prepare(*v);
    vm& started = *v;
    rt.adopt(std::move(v));
    started.start();
    return started;
}

} // namespace emilua
