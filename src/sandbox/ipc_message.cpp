#include "sandbox/ipc_message.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace emilua {

namespace {

constexpr std::uint64_t exponent = 0x7FF0'0000'0000'0000;
constexpr std::uint64_t mantissa = 0x000F'FFFF'FFFF'FFFF;
constexpr std::uint64_t quiet = 0x0008'0000'0000'0000;
constexpr std::uint64_t canonical_nan = exponent | quiet;

constexpr std::uint64_t to_bits(ipc_tag tag)
{
    return exponent | static_cast<std::uint64_t>(tag);
}

constexpr bool is_signalling(std::uint64_t bits)
{
    return (bits & exponent) == exponent && (bits & mantissa) != 0 && (bits & quiet) == 0;
}

// The record of a peer. Every read is checked.
class reader {
public:
    explicit reader(std::span<const unsigned char> record)
        : record_{record}
        , strings_{record.subspan(std::min(record.size(), ipc_members_size))}
    {
    }

    // Reads member `i`, which is inside the record.
    bool read(std::size_t i, ipc_message::value& out)
    {
        std::uint64_t bits = member(i);
        out.tag = ipc_tag::number;
        if (is_signalling(bits)) {
            if (bits > to_bits(ipc_tag::nil)) // also if the sign bit is set
                return false;
            out.tag = static_cast<ipc_tag>(bits & mantissa);
        }
        out.number = std::bit_cast<double>(bits);
        return out.tag != ipc_tag::string || read_string(out.text);
    }

    bool read_string(std::string_view& out)
    {
        if (strings_.empty())
            return false;
        std::size_t size = strings_[0];
        if (strings_.size() - 1 < size)
            return false;
        out = {reinterpret_cast<const char*>(strings_.data()) + 1, size};
        strings_ = strings_.subspan(1 + size);
        return true;
    }

    bool is_nil(std::size_t i) const { return member(i) == to_bits(ipc_tag::nil); }

private:
    std::uint64_t member(std::size_t i) const
    {
        std::uint64_t bits;
        std::memcpy(&bits, record_.data() + i * sizeof(bits), sizeof(bits));
        return bits;
    }

    std::span<const unsigned char> record_;
    std::span<const unsigned char> strings_;
};

} // namespace

ipc_encoder::ipc_encoder()
{
    std::ranges::fill(record_.member, to_bits(ipc_tag::nil));
}

void ipc_encoder::put(double value)
{
    record_.member[count_++] = std::isnan(value) ? canonical_nan : std::bit_cast<std::uint64_t>(value);
}

void ipc_encoder::put(std::string_view value)
{
    put(ipc_tag::string);
    put_string(value);
}

void ipc_encoder::put(ipc_tag tag)
{
    record_.member[count_++] = to_bits(tag);
}

void ipc_encoder::put_string(std::string_view text)
{
    record_.strings[used_++] = static_cast<unsigned char>(text.size());
    std::ranges::copy(text, record_.strings + used_);
    used_ += text.size();
}

std::span<const unsigned char> ipc_encoder::bytes() const
{
    // Only a scalar has no strings.
    std::size_t size = used_ == 0 ? 2 * sizeof(std::uint64_t) : ipc_members_size + used_;
    return {reinterpret_cast<const unsigned char*>(&record_), size};
}

bool decode(std::span<const unsigned char> record, std::size_t descriptors, ipc_message& out)
{
    if (record.size() < 2 * sizeof(std::uint64_t) || record.size() > sizeof(ipc_record))
        return false;
    reader in{record};
    out.is_scalar = in.is_nil(0);
    if (out.is_scalar) {
        auto& value = out.values[0];
        out.count = 1;
        return in.read(1, value) && value.tag != ipc_tag::nil &&
               (!value.has_descriptor() || descriptors == 1);
    }
    if (record.size() < ipc_members_size)
        return false;
    for (out.count = 0; out.count < ipc_member_limit && !in.is_nil(out.count); ++out.count) {
        auto& value = out.values[out.count];
        if (!in.read_string(value.key) || !in.read(out.count, value))
            return false;
        if (value.has_descriptor() && descriptors-- == 0)
            return false;
    }
    return true;
}

} // namespace emilua
