// spawn_vm{subprocess = {...}} (03 §9): the creator's side.
#pragma once

namespace emilua {

class fork_server;
class runtime;

// Lets the VMs of `rt` make subprocess actors; `server` is null if it could not be started. `colors`: reports
// on stderr have them, and so have those of actors that share it.
void install_subprocesses(runtime& rt, fork_server* server, bool colors);

} // namespace emilua
