#include "system/linux/capability.hpp"

#include <algorithm>
#include <charconv>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace emilua::capability {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

} // namespace

std::optional<cap_value_t> find(std::string_view name)
{
    // cap_from_name() is content with a prefix.
    if (name.empty() || !std::ranges::all_of(name, is_word))
        return std::nullopt;
    cap_value_t value;
    if (std::ranges::all_of(name, is_digit)) {
        auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), value);
        if (ec != std::errc{} || value >= 64)
            return std::nullopt;
        return value;
    }
    if (is_digit(name.front()) || cap_from_name(std::string{name}.c_str(), &value) != 0)
        return std::nullopt;
    return value;
}

std::optional<cap_flag_t> find_flag(std::string_view name)
{
    if (name == "effective")
        return CAP_EFFECTIVE;
    if (name == "inheritable")
        return CAP_INHERITABLE;
    if (name == "permitted")
        return CAP_PERMITTED;
    return std::nullopt;
}

bits to_bits(cap_t s)
{
    bits result{};
    constexpr cap_flag_t order[] = {CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE};
    for (std::size_t i = 0; i != result.size(); ++i) {
        for (cap_value_t cap = 0; cap < cap_max_bits(); ++cap) {
            cap_flag_value_t value;
            if (cap_get_flag(s, cap, order[i], &value) == 0 && value == CAP_SET)
                result[i] |= std::int64_t{1} << cap;
        }
    }
    return result;
}

int set_thread(const bits& b)
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    for (int i = 0; i != _LINUX_CAPABILITY_U32S_3; ++i) {
        auto word = [&](std::int64_t all) { return static_cast<std::uint32_t>(all >> (32 * i)); };
        data[i] = {.effective = word(b[0]), .permitted = word(b[1]), .inheritable = word(b[2])};
    }
    return static_cast<int>(syscall(SYS_capset, &header, data));
}

int drop_bound(cap_value_t cap)
{
    return prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

int set_ambient(cap_value_t cap, bool value)
{
    return prctl(PR_CAP_AMBIENT, value ? PR_CAP_AMBIENT_RAISE : PR_CAP_AMBIENT_LOWER, cap, 0, 0);
}

int reset_ambient()
{
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int set_securebits(unsigned bits)
{
    return prctl(PR_SET_SECUREBITS, bits, 0, 0, 0);
}

} // namespace emilua::capability
