// A message: a value copied out of one VM on its way into another (03 §4).
//
// Scalars and short strings are held inline. Everything else is one flat block: no recursion to build it, to
// read it or to destroy it, however deep the value was. Descriptors and addresses are owned; a message that
// is dropped closes and releases them.
#pragma once

#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace emilua {

class address;

// A value that came from elsewhere and knows how to become a Lua value.
class foreign_value {
public:
    virtual ~foreign_value() = default;
    // Pushes it. Raises "not enough memory" only. At most once.
    virtual void push(lua_State* L) = 0;
};

class message {
public:
    message();
    explicit message(std::unique_ptr<foreign_value> value);
    message(message&&) noexcept;
    message& operator=(message&&) noexcept;
    ~message();

    // Copies the value at `index` (absolute). Raises EINVAL, EBUSY, ENOTSUP, cycle_exists, too_many_levels,
    // array_too_long; then nothing is held.
    static message encode(lua_State* L, int index);

    // Pushes the value; descriptors and addresses move into new objects. Raises "not enough memory" only. At
    // most once.
    void decode(lua_State* L);

private:
    struct block;
    class encoder;
    class decoder;

    enum class kind : std::uint8_t { empty, boolean, number, short_string, block, foreign };
    static constexpr std::size_t inline_capacity = 30;

    kind kind_ = kind::empty;
    std::uint8_t size_ = 0;
    union {
        bool boolean_;
        double number_;
        char text_[inline_capacity];
    };
    std::unique_ptr<block> block_;
    std::unique_ptr<foreign_value> foreign_;
};

} // namespace emilua
