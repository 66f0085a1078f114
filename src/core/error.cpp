#include "core/error.hpp"

#include "core/class.hpp"
#include "core/generic_errors.hpp"

#include <algorithm>
#include <array>

namespace emilua {

namespace {

class core_category_type final : public error_category {
public:
    const char* name() const noexcept override { return "emilua.core"; }

    std::string message(int code) const override
    {
        static constexpr std::array texts = {
            "",
            "Cannot have a module with this name",
            "Module not found",
            "The root module doesn't have a parent and can't reference one",
            "The module you're trying to import has a dependency on the current module"
            " (and it is partially loaded already)",
            "A leaf module cannot import child modules",
            "You can only import modules from the main fiber",
            "Bad root context",
            "Requested key wasn't found in the table/userdata",
            "The fiber coroutine is reserved to the scheduler",
            "Suspension already allowed",
            "Interrupt-ability already allowed",
            "EPERM within a forbid-suspend block",
            "Fiber interrupted",
            "scope_cleanup_pop() called w/o a matching scope_cleanup_push()",
            "Channel closed",
            "Broadcast the address before attempting to receive on it",
            "Lua code cannot import this module directly",
            "std::raise() failed",
            "Failed to parse RDF",
            "Parsed RDF doesn't contain a recognized Emilua module",
            "Parsed RDF module contains an invalid error category",
            "Broken promise",
            "Promise already satisfied",
            "Global _FILE is missing or invalid",
        };
        auto i = static_cast<std::size_t>(code);
        return i < texts.size() ? texts[i] : "";
    }
};

struct category {
    const error_category* value;
};

// Address: key of the registry for the metatable of error tables.
const char metatable_key = 0;

void* key(const void* address)
{
    return const_cast<void*>(address);
}

void register_category_class(lua_State* L);

void push_category(lua_State* L, const error_category& c)
{
    lua_pushlightuserdata(L, key(&c));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    register_category_class(L);
    push<category>(L, &c);
    lua_pushlightuserdata(L, key(&c));
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

// The error at `index`; false if `code` is not a number or `category` not a category.
bool read_error(lua_State* L, int index, error_code& ec)
{
    lua_pushliteral(L, "code");
    lua_rawget(L, index);
    lua_pushliteral(L, "category");
    lua_rawget(L, index);
    auto* c = test<category>(L, -1);
    bool valid = c && lua_type(L, -2) == LUA_TNUMBER;
    if (valid)
        ec = {static_cast<int>(lua_tointeger(L, -2)), *c->value};
    lua_pop(L, 2);
    return valid;
}

int error_tostring(lua_State* L)
{
    error_code ec;
    if (lua_type(L, 1) != LUA_TTABLE || !read_error(L, 1, ec))
        raise(L, errc::invalid_argument);
    std::string text = ec.message();
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

int error_eq(lua_State* L)
{
    error_code a, b;
    bool equal = read_error(L, 1, a) && read_error(L, 2, b);
    if (equal && a.category() == b.category()) {
        lua_getfield(L, 1, "code"); // may have a fraction
        lua_getfield(L, 2, "code");
        equal = lua_rawequal(L, -1, -2);
    } else if (equal) {
        const auto& generic = boost::system::generic_category();
        equal = (a.category() == generic && a == to_generic(b)) ||
                (b.category() == generic && b == to_generic(a));
    }
    lua_pushboolean(L, equal);
    return 1;
}

int error_togeneric(lua_State* L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    error_code ec;
    if (!read_error(L, 1, ec))
        raise_invalid_argument(L, 1);
    if (ec.value() == 0)
        lua_pushnil(L);
    else
        push_error(L, to_generic(ec));
    return 1;
}

// Called as c.message(n) and as c:message(n).
int bound_message(lua_State* L)
{
    int argument = test<category>(L, 1) ? 2 : 1;
    auto code = static_cast<int>(luaL_checkinteger(L, argument));
    std::string text = check<category>(L, lua_upvalueindex(1)).value->message(code);
    lua_pushlstring(L, text.data(), text.size());
    return 1;
}

int category_message(lua_State* L)
{
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, fn<bound_message>, 1);
    return 1;
}

int category_tostring(lua_State* L)
{
    lua_pushstring(L, check<category>(L, 1).value->name());
    return 1;
}

int category_eq(lua_State* L)
{
    auto* a = test<category>(L, 1);
    auto* b = test<category>(L, 2);
    lua_pushboolean(L, a && b && *a->value == *b->value);
    return 1;
}

// Made with the first error.
void register_category_class(lua_State* L)
{
    define_once<category>(L, [L] {
        class_<category>{L, "error_category"}
            .property("message", fn<category_message>)
            .metamethod("__tostring", fn<category_tostring>)
            .metamethod("__eq", fn<category_eq>);
    });
}

} // namespace

const error_category& core_category() noexcept
{
    static const core_category_type category;
    return category;
}

error_code make_error_code(core_errc e) noexcept
{
    return {static_cast<int>(e), core_category()};
}

void open_errors(lua_State* L)
{
    lua_pushlightuserdata(L, key(&metatable_key));
    lua_newtable(L);
    lua_pushliteral(L, "error_code");
    lua_setfield(L, -2, "__metatable");
    set_functions(L, {{"__tostring", fn<error_tostring>}, {"__eq", fn<error_eq>}});
    lua_newtable(L);
    set_functions(L, {{"togeneric", fn<error_togeneric>}});
    lua_setfield(L, -2, "__index");
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void push_error(lua_State* L, error_code ec, std::initializer_list<error_field> fields)
{
    luaL_checkstack(L, 6, nullptr);
    lua_createtable(L, 0, 2 + static_cast<int>(fields.size()));
    lua_pushinteger(L, ec.value());
    lua_setfield(L, -2, "code");
    push_category(L, ec.category());
    lua_setfield(L, -2, "category");
    for (const error_field& f : fields) {
        if (auto* number = std::get_if<lua_Integer>(&f.value)) {
            lua_pushinteger(L, *number);
        } else {
            auto text = std::get<std::string_view>(f.value);
            lua_pushlstring(L, text.data(), text.size());
        }
        lua_setfield(L, -2, f.name);
    }
    lua_pushlightuserdata(L, key(&metatable_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_setmetatable(L, -2);
}

void raise(lua_State* L, error_code ec, std::initializer_list<error_field> fields)
{
    push_error(L, ec, fields);
    lua_error(L);
    __builtin_unreachable();
}

void raise(lua_State* L, errc::errc_t e, std::initializer_list<error_field> fields)
{
    raise(L, errc::make_error_code(e), fields);
}

void raise_errno(lua_State* L, int error, std::initializer_list<error_field> fields)
{
    raise(L, error_code{error, boost::system::system_category()}, fields);
}

void raise_invalid_argument(lua_State* L, int position)
{
    raise(L, errc::invalid_argument, {{"arg", position}});
}

void raise_invalid_argument(lua_State* L, std::string_view option)
{
    raise(L, errc::invalid_argument, {{"arg", option}});
}

std::optional<error_code> to_error_code(lua_State* L, int index)
{
    if (index < 0)
        index += lua_gettop(L) + 1;
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
        return std::nullopt;
    lua_pushlightuserdata(L, key(&metatable_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    bool is_error = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    error_code ec;
    if (!is_error || !read_error(L, index, ec))
        return std::nullopt;
    return ec;
}

bool is_interrupted_error(lua_State* L, int index)
{
    return to_error_code(L, index) == make_error_code(core_errc::interrupted);
}

error_code to_generic(error_code ec)
{
    auto condition = ec.default_error_condition();
    const auto& generic = boost::system::generic_category();
    if (condition.category() != generic || condition.value() == 0)
        return ec;
    auto has_code = [&](const named_error& e) { return e.code == condition.value(); };
    if (ec.category() == boost::system::system_category() && std::ranges::none_of(generic_errors(), has_code))
        return ec;
    return {condition.value(), generic};
}

} // namespace emilua
