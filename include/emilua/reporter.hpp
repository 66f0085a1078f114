// Where uncaught errors go (01 §4.10). The command-line program prints them; an embedder may do otherwise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace emilua {

// Addresses identify fibers and VMs as this_fiber.id does. Called from any thread that runs a VM.
class reporter {
public:
    virtual ~reporter() = default;
    virtual void fiber_panic(const void* id, std::string_view message, std::string_view traceback) = 0;
    virtual void main_panic(const void* id, std::string_view message, std::string_view traceback) = 0;
    virtual void cleanup_error(const void* id, const void* coroutine) = 0;
    // An error that escaped a __gc function of the program: the VM goes on.
    virtual void finalizer_error(const void* id, std::string_view message) = 0;
    virtual void out_of_memory(const void* id) = 0;
    virtual void deadlock(const void* id, const std::vector<std::string>& items) = 0;
    // Where the fibers of a VM stand, for the developer of a program.
    virtual void fiber_dump(std::string_view) {}
};

} // namespace emilua
