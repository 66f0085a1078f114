// The wire format of messages between processes (03 §12.2). Knows neither sockets nor Lua.
#pragma once

#include "emilua_config.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace emilua {

inline constexpr std::size_t ipc_member_limit = EMILUA_MESSAGE_MEMBER_LIMIT;
inline constexpr std::size_t ipc_string_limit = 255;

// A message is one record of a sequenced-packet socket. Less than the whole structure is sent.
struct ipc_record {
    std::uint64_t member[ipc_member_limit];
    unsigned char strings[ipc_member_limit * 2 * (1 + ipc_string_limit)];
};
inline constexpr std::size_t ipc_members_size = sizeof(ipc_record::member);
static_assert(sizeof(ipc_record) == ipc_members_size + sizeof(ipc_record::strings));

// What a member is, unless it is a number: the mantissa of a signalling NaN.
enum class ipc_tag : std::uint64_t {
    number = 0, // not on the wire
    true_ = 1,
    false_ = 2,
    string = 3,
    descriptor = 4,
    address = 5,
    nil = 6,
};

// Writes a message: scalar() and one value, or key() and a value for each of up to ipc_member_limit members.
// Descriptors travel beside the record, in the order of the members.
class ipc_encoder {
public:
    ipc_encoder();

    void scalar() { count_ = 1; }
    // At most ipc_string_limit bytes.
    void key(std::string_view key) { put_string(key); }
    void put(bool value) { put(value ? ipc_tag::true_ : ipc_tag::false_); }
    void put(double value);
    // At most ipc_string_limit bytes.
    void put(std::string_view value);
    // A descriptor or an address.
    void put(ipc_tag tag);

    // Members so far.
    std::size_t count() const { return count_; }
    std::span<const unsigned char> bytes() const;

private:
    void put_string(std::string_view text);

    ipc_record record_; // `strings` is written as far as it is sent
    std::size_t count_ = 0;
    std::size_t used_ = 0;
};

// A message as it was received, checked. The strings are in the record.
struct ipc_message {
    struct value {
        std::string_view key;
        ipc_tag tag;
        double number;
        std::string_view text;

        bool has_descriptor() const { return tag == ipc_tag::descriptor || tag == ipc_tag::address; }
    };

    bool is_scalar;
    std::size_t count;
    value values[ipc_member_limit];
};

// Reads a record that came with this many descriptors, from a peer that may be hostile. False: it breaks one
// of the rules of 03 §12.3, and `out` is not usable.
bool decode(std::span<const unsigned char> record, std::size_t descriptors, ipc_message& out);

} // namespace emilua
