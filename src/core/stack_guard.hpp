// The last line of defence against C stack overflow: a SIGSEGV report that says whose stack it was.
#pragma once

namespace emilua {
class vm;
}

namespace emilua::stack_guard {

// Installs the handler for SIGSEGV and SIGBUS, once a process. Nothing under sanitizers: they have their own.
void install();
// The same for one of the two, after its disposition was changed.
void install(int signo);

// Gives the calling thread an alternate signal stack while it lives.
class thread_stack {
public:
    thread_stack();
    ~thread_stack();
    thread_stack(const thread_stack&) = delete;
    thread_stack& operator=(const thread_stack&) = delete;

private:
    void* memory_ = nullptr;
};

// Says which VM runs on the calling thread, for the report.
class running_vm {
public:
    explicit running_vm(vm& v);
    ~running_vm();
    running_vm(const running_vm&) = delete;
    running_vm& operator=(const running_vm&) = delete;
};

} // namespace emilua::stack_guard
