// Good and bad records of messages between processes: each generated one is accepted as it was meant, each
// broken one rejected (03 §12).
#include "sandbox/ipc_message.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

namespace emilua {

namespace {

using bytes = std::vector<unsigned char>;

struct sample_value {
    std::string key;
    ipc_tag tag = ipc_tag::number;
    double number = 0;
    std::string text;
};

// A message, its record and the descriptors that it travels with.
struct sample {
    bool scalar = true;
    std::vector<sample_value> values;
    bytes record;
    std::size_t descriptors = 0;
};

class generator {
public:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    std::string text()
    {
        static constexpr std::size_t sizes[] = {0, 1, 7, 254, 255};
        std::string result(below(2) ? sizes[below(5)] : below(256), '\0');
        for (char& c : result)
            c = static_cast<char>(random_());
        return result;
    }

    double number()
    {
        using limits = std::numeric_limits<double>;
        static constexpr double special[] = {0.0,
                                             -0.0,
                                             1,
                                             -1,
                                             limits::infinity(),
                                             -limits::infinity(),
                                             limits::max(),
                                             limits::denorm_min(),
                                             limits::quiet_NaN(),
                                             limits::signaling_NaN()};
        return below(2) ? special[below(std::size(special))]
                        : std::ldexp(static_cast<double>(random_()), -32);
    }

    sample_value value()
    {
        sample_value v;
        v.tag = static_cast<ipc_tag>(below(6));
        if (v.tag == ipc_tag::number)
            v.number = number();
        if (v.tag == ipc_tag::string)
            v.text = text();
        return v;
    }

    sample message()
    {
        sample s;
        s.scalar = below(3) == 0;
        std::size_t count = s.scalar ? 1 : below(8) == 0 ? ipc_member_limit : 1 + below(ipc_member_limit);
        ipc_encoder out;
        if (s.scalar)
            out.scalar();
        for (std::size_t i = 0; i < count; ++i) {
            auto& v = s.values.emplace_back(value());
            if (!s.scalar)
                out.key(v.key = text());
            switch (v.tag) {
            case ipc_tag::number: out.put(v.number); break;
            case ipc_tag::string: out.put(v.text); break;
            case ipc_tag::true_:
            case ipc_tag::false_: out.put(v.tag == ipc_tag::true_); break;
            default:
                out.put(v.tag);
                ++s.descriptors;
                break;
            }
        }
        auto record = out.bytes();
        s.record.assign(record.begin(), record.end());
        return s;
    }

private:
    std::mt19937_64 random_{20260101};
};

bool accepted(const bytes& record, std::size_t descriptors)
{
    ipc_message ignored;
    return decode(record, descriptors, ignored);
}

void set_member(bytes& record, std::size_t i, std::uint64_t bits)
{
    std::memcpy(record.data() + i * sizeof(bits), &bits, sizeof(bits));
}

constexpr std::uint64_t exponent = 0x7FF0'0000'0000'0000;
constexpr std::uint64_t sign = 0x8000'0000'0000'0000;

std::uint64_t tagged(ipc_tag tag)
{
    return exponent | static_cast<std::uint64_t>(tag);
}

// Breaks a good message in one way. False: this way does not apply to it.
bool mutate(generator& random, std::size_t way, sample& s)
{
    std::size_t first = s.scalar ? 1 : 0;
    std::size_t member = first + random.below(s.values.size());
    bool has_strings = s.record.size() > ipc_members_size;
    switch (way) {
    case 0: s.record.resize(random.below(16)); return true;
    case 1: // shorter than its members
        if (s.scalar)
            return false;
        s.record.resize(16 + random.below(ipc_members_size - 16));
        return true;
    case 2: // a string is cut
        if (!has_strings)
            return false;
        s.record.resize(ipc_members_size + random.below(s.record.size() - ipc_members_size));
        return true;
    case 3: set_member(s.record, member, exponent | (7 + random.below((1ull << 51) - 7))); return true;
    case 4:
        set_member(s.record, member, sign | tagged(static_cast<ipc_tag>(1 + random.below(6))));
        return true;
    case 5: // the last string claims more than there is
        if (!has_strings)
            return false;
        {
            auto& last = s.values.back();
            std::size_t size = last.tag == ipc_tag::string ? last.text.size() : last.key.size();
            if (size == ipc_string_limit)
                return false;
            auto& length = s.record[s.record.size() - 1 - size];
            length = static_cast<unsigned char>(size + 1 + random.below(ipc_string_limit - size));
        }
        return true;
    case 6: // descriptors are missing
        if (s.descriptors == 0)
            return false;
        s.descriptors = random.below(s.descriptors);
        return true;
    case 7: // a scalar with too many
        if (!s.scalar || s.descriptors == 0)
            return false;
        s.descriptors = 2 + random.below(19);
        return true;
    case 8: s.record.resize(sizeof(ipc_record) + 1 + random.below(100)); return true;
    case 9: // nothing
        if (!s.scalar)
            return false;
        set_member(s.record, 1, tagged(ipc_tag::nil));
        return true;
    case 10: // one more member, without a key
        if (s.scalar || s.values.size() == ipc_member_limit)
            return false;
        set_member(s.record, s.values.size(), tagged(ipc_tag::true_));
        return true;
    case 11: // a member turns into a string that is not there
        if (s.values.back().tag == ipc_tag::string)
            return false;
        set_member(s.record, first + s.values.size() - 1, tagged(ipc_tag::string));
        return true;
    }
    return false;
}
constexpr std::size_t ways = 12;

} // namespace

TEST(ipc_message, good_ones_are_accepted) // 03.74
{
    generator random;
    for (int n = 0; n < 50'000; ++n) {
        sample s = random.message();
        ipc_message m;
        // Surplus descriptors do not matter.
        std::size_t surplus = s.scalar && s.descriptors > 0 ? 0 : random.below(3);
        ASSERT_TRUE(decode(s.record, s.descriptors + surplus, m));
        ASSERT_EQ(m.is_scalar, s.scalar);
        ASSERT_EQ(m.count, s.values.size());
        for (std::size_t i = 0; i < m.count; ++i) {
            ASSERT_EQ(m.values[i].tag, s.values[i].tag);
            if (!s.scalar) {
                ASSERT_EQ(m.values[i].key, s.values[i].key);
            }
            if (s.values[i].tag == ipc_tag::string) {
                ASSERT_EQ(m.values[i].text, s.values[i].text);
            }
            if (s.values[i].tag != ipc_tag::number)
                continue;
            if (std::isnan(s.values[i].number)) {
                ASSERT_TRUE(std::isnan(m.values[i].number));
            } else {
                ASSERT_EQ(std::bit_cast<std::uint64_t>(m.values[i].number),
                          std::bit_cast<std::uint64_t>(s.values[i].number));
            }
        }
    }
}

TEST(ipc_message, broken_ones_are_rejected) // 03.74
{
    generator random;
    std::size_t rejected[ways] = {};
    for (int n = 0; n < 35'000;) {
        sample s = random.message();
        std::size_t way = random.below(ways);
        if (!mutate(random, way, s))
            continue;
        ASSERT_FALSE(accepted(s.record, s.descriptors)) << "way " << way;
        ++rejected[way];
        ++n;
    }
    for (std::size_t count : rejected)
        EXPECT_GT(count, 100u);
}

TEST(ipc_message, sizes) // 03.62
{
    ipc_encoder number;
    number.scalar();
    number.put(1.0);
    EXPECT_EQ(number.bytes().size(), 16u);
    ipc_encoder text;
    text.scalar();
    text.put(std::string_view{"abc"});
    EXPECT_EQ(text.bytes().size(), 8 * ipc_member_limit + 4);
    ipc_encoder full;
    std::string longest(ipc_string_limit, 'x');
    for (std::size_t i = 0; i < ipc_member_limit; ++i) {
        full.key(longest);
        full.put(longest);
    }
    EXPECT_EQ(full.bytes().size(), sizeof(ipc_record));
    EXPECT_EQ(sizeof(ipc_record), ipc_member_limit * (8 + 512));
}

TEST(ipc_message, fuzzer_for_a_moment)
{
    generator random;
    bytes input;
    for (int n = 0; n < 100'000; ++n) {
        sample s = random.message();
        input.assign(1, static_cast<unsigned char>(s.descriptors));
        input.insert(input.end(), s.record.begin(), s.record.end());
        for (std::size_t changes = random.below(8); changes > 0; --changes) {
            // Members are where decisions are made.
            std::size_t limit = random.below(2) ? std::min(input.size(), 1 + ipc_members_size) : input.size();
            auto& byte = input[random.below(limit)];
            byte = static_cast<unsigned char>(random.below(4) ? random.below(256) : random.below(8));
        }
        if (random.below(4) == 0)
            input.resize(1 + random.below(input.size()));
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
}

} // namespace emilua
