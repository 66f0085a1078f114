#include "core/stack_guard.hpp"

#include "core/vm.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace emilua::stack_guard {

namespace {

constexpr std::size_t alternate_size = 64 * 1024;

thread_local vm* current = nullptr;

void on_fault(int signo, siginfo_t* info, void*)
{
    fiber* f = current ? current->current() : nullptr;
    auto* address = static_cast<std::byte*>(info->si_addr);
    bool is_fault = info->si_code > 0; // and not kill(2)
    if (is_fault && f && address < f->memory.bottom && address >= f->memory.bottom - page_size()) {
        char text[200];
        // snprintf is not on the list of async-signal-safe functions; this process is lost anyway and glibc's
        // neither allocates nor locks for %p and %zu.
        int n =
            std::snprintf(text, sizeof(text), "C stack overflow in fiber %p of VM %p (stack of %zu KiB)\n",
                          f->id(), current->id(), f->memory.size() / 1024);
        [[maybe_unused]] auto r = write(STDERR_FILENO, text, static_cast<std::size_t>(n));
    }
    // The default action happens when the faulting instruction runs again, or now.
    std::signal(signo, SIG_DFL);
    if (!is_fault)
        std::raise(signo);
}

} // namespace

void install(int signo)
{
    if constexpr (sanitizer::enabled) {
        std::signal(signo, SIG_DFL);
        return;
    }
    struct sigaction action;
    std::memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(signo, &action, nullptr);
}

void install()
{
    if constexpr (sanitizer::enabled)
        return;
    install(SIGSEGV);
    install(SIGBUS);
}

thread_stack::thread_stack()
{
    if constexpr (sanitizer::enabled)
        return;
    void* p = mmap(nullptr, alternate_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return; // only the report of a crash is lost
    memory_ = p;
    stack_t s{};
    s.ss_sp = p;
    s.ss_size = alternate_size;
    sigaltstack(&s, nullptr);
}

thread_stack::~thread_stack()
{
    if (!memory_)
        return;
    stack_t s{};
    s.ss_flags = SS_DISABLE;
    sigaltstack(&s, nullptr);
    munmap(memory_, alternate_size);
}

running_vm::running_vm(vm& v)
{
    current = &v;
}

running_vm::~running_vm()
{
    current = nullptr;
}

} // namespace emilua::stack_guard
