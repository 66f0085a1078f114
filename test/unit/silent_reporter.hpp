// For tests of what a runtime does, not of what it says.
#pragma once

#include "emilua/reporter.hpp"

namespace emilua {

struct silent_reporter final : reporter {
    void fiber_panic(const void*, std::string_view, std::string_view) override {}
    void main_panic(const void*, std::string_view, std::string_view) override {}
    void cleanup_error(const void*, const void*) override {}
    void finalizer_error(const void*, std::string_view) override {}
    void out_of_memory(const void*) override {}
    void deadlock(const void*, const std::vector<std::string>&) override {}
};

} // namespace emilua
