// The process of a subprocess actor, from its first breath to its exit status (03 §8-§10).
#pragma once

namespace emilua {

// Called in a child of the fork server, with its end of the socket to its creator.
[[noreturn]] void run_actor_process(int setup, bool in_user_namespace);

} // namespace emilua
