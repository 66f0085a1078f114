// Uncaught errors on stderr (01 §4.10), in colours where the terminal has them.
#pragma once

#include "emilua/reporter.hpp"

#include <mutex>

namespace emilua::cli {

class stderr_reporter final : public reporter {
public:
    // `level`: of domain `emilua` in EMILUA_LOG_LEVELS; reports need 3. `colors`: escape sequences.
    stderr_reporter(int level, bool colors)
        : level_{level}
        , colors_{colors}
    {
    }

    bool colors() const { return colors_; }

    void fiber_panic(const void* id, std::string_view message, std::string_view traceback) override;
    void main_panic(const void* id, std::string_view message, std::string_view traceback) override;
    void cleanup_error(const void* id, const void* coroutine) override;
    void finalizer_error(const void* id, std::string_view message) override;
    void out_of_memory(const void* id) override;
    void deadlock(const void* id, const std::vector<std::string>& items) override;
    void fiber_dump(std::string_view text) override;

private:
    void panic(const char* subject, const void* id, std::string_view message, std::string_view traceback);
    void write(std::string_view block);
    const char* color(const char* escape) const { return colors_ ? escape : ""; }

    std::mutex mutex_;
    int level_;
    bool colors_;
};

} // namespace emilua::cli
