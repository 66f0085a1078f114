// The state of the process that a program starts with (01 §1.5).
#pragma once

namespace emilua::cli {

// Sets up standard descriptors and signals. To be called first.
void prepare_process();

} // namespace emilua::cli
