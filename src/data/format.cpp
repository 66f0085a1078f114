// The global format(): {fmt} replacement fields over Lua values (01 §2.9, 04 §6).
#include "core/class.hpp"
#include "lang/lang.hpp"

#include <cmath>
#include <cstdint>
#include <fmt/args.h>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <variant>

namespace emilua {

namespace {

using arguments = fmt::dynamic_format_arg_store<fmt::format_context>;

// A number of Lua is what its replacement field asks for: 3 is an integer in {} and {:x}, but not in {:.2f}.
// Only a formatter that knows value and field can tell; {fmt} in turn takes widths from plain arguments only,
// so those are in a store of their own, at the same positions.
struct lua_value {
    std::variant<bool, lua_Number, std::string_view> value;
    const arguments* plain;
};

std::optional<std::int64_t> to_integer(lua_Number n)
{
    if (n >= -0x1p63 && n < 0x1p63 && n == std::trunc(n))
        return static_cast<std::int64_t>(n);
    return std::nullopt;
}

// `field` begins with what follows the colon.
bool asks_for_floating_point(std::string_view field)
{
    int depth = 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
        if (field[i] == '{')
            ++depth;
        else if (field[i] == '}' && depth-- == 0)
            return i > 0 && std::string_view{"aAeEfFgG"}.find(field[i - 1]) != std::string_view::npos;
    }
    return false;
}

} // namespace

} // namespace emilua

template <>
struct fmt::formatter<emilua::lua_value> {
    // The grammar depends on the type of the value: format() parses.
    constexpr auto parse(fmt::format_parse_context& c)
    {
        field = &c;
        return c.begin();
    }

    fmt::appender format(const emilua::lua_value& v, fmt::format_context& c) const
    {
        if (auto* number = std::get_if<lua_Number>(&v.value)) {
            auto integer = emilua::to_integer(*number);
            if (integer && !emilua::asks_for_floating_point({field->begin(), field->end()}))
                return format_plain(*integer, v, c);
            return format_plain(*number, v, c);
        }
        if (auto* boolean = std::get_if<bool>(&v.value))
            return format_plain(*boolean, v, c);
        return format_plain(std::get<std::string_view>(v.value), v, c);
    }

private:
    template <class T>
    fmt::appender format_plain(T value, const emilua::lua_value& v, fmt::format_context& c) const
    {
        fmt::formatter<T> f;
        field->advance_to(f.parse(*field));
        fmt::format_context plain{c.out(), *v.plain, c.locale()};
        return f.format(value, plain);
    }

    fmt::format_parse_context* field = nullptr;
};

namespace emilua {

namespace {

template <class T>
void add(arguments& store, const char* name, T value)
{
    if (name)
        store.push_back(fmt::arg(name, value));
    else
        store.push_back(value);
}

// Adds the value at `index`; false if it is of no type that can be formatted.
bool add_argument(lua_State* L, int index, const char* name, arguments& values, arguments& plain)
{
    lua_value value{{}, &plain};
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN: value.value = lua_toboolean(L, index) != 0; break;
    case LUA_TNUMBER: value.value = lua_tonumber(L, index); break;
    case LUA_TSTRING: {
        std::size_t size;
        const char* text = lua_tolstring(L, index, &size);
        value.value = std::string_view{text, size};
        break;
    }
    default: return false;
    }
    add(values, name, value);
    auto* number = std::get_if<lua_Number>(&value.value);
    if (auto integer = number ? to_integer(*number) : std::nullopt)
        add(plain, name, *integer);
    else // of no use as a width: {fmt} complains
        add(plain, name, false);
    return true;
}

int format(lua_State* L)
{
    if (lua_type(L, 1) != LUA_TSTRING)
        raise_invalid_argument(L, 1);
    std::size_t size;
    const char* text = lua_tolstring(L, 1, &size);
    arguments values, plain;
    for (int i = 2, count = lua_gettop(L); i <= count; ++i) {
        bool valid;
        if (lua_istable(L, i) && lua_objlen(L, i) == 2) {
            lua_rawgeti(L, i, 1);
            lua_rawgeti(L, i, 2);
            valid = lua_type(L, -2) == LUA_TSTRING && add_argument(L, -1, lua_tostring(L, -2), values, plain);
            lua_pop(L, 2);
        } else {
            valid = add_argument(L, i, nullptr, values, plain);
        }
        if (!valid)
            raise_invalid_argument(L, i);
    }
    std::string result = fmt::vformat({text, size}, values);
    lua_pushlstring(L, result.data(), result.size());
    return 1;
}

} // namespace

void set_format(lua_State* L)
{
    set_functions(L, {{"format", fn<format>}});
}

} // namespace emilua
