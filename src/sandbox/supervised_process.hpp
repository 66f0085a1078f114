// What a channel to a subprocess actor knows of the process behind it (03 §11).
#pragma once

#include "emilua/error.hpp"

#include <sys/types.h>

namespace emilua {

class supervised_process {
public:
    // Drops the handle. The process is still killed when its VM ends, unless detach() or a successful
    // kill(SIGKILL) came before.
    virtual ~supervised_process() = default;

    virtual pid_t pid() const = 0;
    // Sends a signal; 0 probes. ESRCH if the process has ended.
    virtual error_code kill(int signo) = 0;
    // The process may outlive the VM and the program.
    virtual void detach() = 0;
};

} // namespace emilua
