// Environment variables that the program reads at start-up (01 §1.4).
#pragma once

namespace emilua::cli {

// Level of domain `emilua`, syslog numbering: EMILUA_LOG_LEVELS.
int log_level();

// EMILUA_COLORS, else what the terminal on stderr can do. Warns on stderr about an unknown value.
bool use_colors();

// The number of the signal that EMILUA_DUMP_SIGNAL names; 0: none. Warns on stderr about an unknown value.
int dump_signal();

// Sets the process locale from LANG and LC_*; numbers stay in the C locale. Warns on stderr if it is invalid.
void set_locale();

} // namespace emilua::cli
