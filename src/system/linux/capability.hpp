// Linux capabilities: libcap's sets, names and text; what a process may change of its own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/capability.h>
#include <type_traits>

namespace emilua::capability {

struct free_set {
    void operator()(cap_t set) const { cap_free(set); }
};
using set = std::unique_ptr<std::remove_pointer_t<cap_t>, free_set>;

// "cap_net_raw", in any case, or a decimal number.
std::optional<cap_value_t> find(std::string_view name);
// "effective", "inheritable", "permitted".
std::optional<cap_flag_t> find_flag(std::string_view name);

// Effective, permitted, inheritable: a bit for each capability.
using bits = std::array<std::int64_t, 3>;
bits to_bits(cap_t s);

// The calling thread. -1 and errno.
int set_thread(const bits& b);
int drop_bound(cap_value_t cap);
int set_ambient(cap_value_t cap, bool value);
int reset_ambient();
int set_securebits(unsigned bits);

} // namespace emilua::capability
