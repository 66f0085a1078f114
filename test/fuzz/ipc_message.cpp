// The decoder of messages between processes, for libFuzzer: `tool/fuzz`. Unit tests run it for a moment.
#include "sandbox/ipc_message.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

namespace {

using namespace emilua;

void require(bool condition)
{
    if (!condition)
        std::abort();
}

void put(ipc_encoder& out, const ipc_message::value& value)
{
    switch (value.tag) {
    case ipc_tag::number: out.put(value.number); break;
    case ipc_tag::true_:
    case ipc_tag::false_: out.put(value.tag == ipc_tag::true_); break;
    case ipc_tag::string: out.put(value.text); break;
    case ipc_tag::descriptor:
    case ipc_tag::address: out.put(value.tag); break;
    case ipc_tag::nil: require(false);
    }
}

ipc_encoder encode(const ipc_message& message)
{
    ipc_encoder out;
    if (message.is_scalar) {
        out.scalar();
        put(out, message.values[0]);
        return out;
    }
    for (std::size_t i = 0; i < message.count; ++i) {
        out.key(message.values[i].key);
        put(out, message.values[i]);
    }
    return out;
}

bool same_text(const ipc_message::value& a, const ipc_message::value& b)
{
    return a.tag != ipc_tag::string || a.text == b.text;
}

bool same_number(const ipc_message::value& a, const ipc_message::value& b)
{
    bool nans = a.number != a.number && b.number != b.number;
    return a.tag != ipc_tag::number || nans || std::memcmp(&a.number, &b.number, sizeof(double)) == 0;
}

} // namespace

// The first byte is the number of descriptors. What is accepted must survive being encoded and decoded again.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    if (size == 0)
        return 0;
    // An exact allocation, so that the sanitizer sees every byte that is read beyond it.
    auto copy = std::make_unique<unsigned char[]>(size - 1);
    std::memcpy(copy.get(), data + 1, size - 1);
    ipc_message message;
    if (!decode({copy.get(), size - 1}, data[0], message))
        return 0;
    std::size_t descriptors = 0;
    for (std::size_t i = 0; i < message.count; ++i)
        descriptors += message.values[i].has_descriptor();
    require(message.count >= 1 && message.count <= ipc_member_limit);
    require(message.is_scalar || descriptors <= data[0]);

    ipc_encoder encoded = encode(message);
    ipc_message again;
    require(decode(encoded.bytes(), descriptors, again));
    require(again.is_scalar == message.is_scalar && again.count == message.count);
    for (std::size_t i = 0; i < message.count; ++i) {
        auto &a = message.values[i], &b = again.values[i];
        require(a.tag == b.tag && same_text(a, b) && same_number(a, b));
        require(message.is_scalar || a.key == b.key);
    }
    return 0;
}
