// Errors as Lua sees them: tables {code, category, ...} (specification 01 §4).
#pragma once

#include <boost/system/error_code.hpp>
#include <initializer_list>
#include <lua.hpp>
#include <optional>
#include <string_view>
#include <variant>

namespace emilua {

using boost::system::error_category;
using boost::system::error_code;
namespace errc = boost::system::errc;

// Codes of category "emilua.core". The numbers are contractual: programs compare `e.code`.
enum class core_errc : int {
    invalid_module_name = 1,
    module_not_found,
    root_cannot_import_parent,
    cyclic_import,
    leaf_cannot_import_child,
    only_main_fiber_may_import,
    bad_root_context,
    bad_index,
    bad_coroutine,
    suspension_already_allowed,
    interruption_already_allowed,
    forbid_suspend_block,
    interrupted,
    unmatched_scope_cleanup,
    channel_closed,
    no_senders,
    internal_module,
    raise_error,
    bad_rdf,
    bad_rdf_module,
    bad_rdf_error_category,
    broken_promise,
    promise_already_satisfied,
    current_module_not_known,
};

const error_category& core_category() noexcept;
error_code make_error_code(core_errc e) noexcept;

// A member of an error table beside `code` and `category`.
struct error_field {
    const char* name;
    std::variant<lua_Integer, std::string_view> value;
};

// Pushes a new error table. `ec` must denote an error (its value is not 0).
void push_error(lua_State* L, error_code ec, std::initializer_list<error_field> fields = {});

// Raises a new error table. The Lua error unwinds C++ frames: destructors run.
[[noreturn]] void raise(lua_State* L, error_code ec, std::initializer_list<error_field> fields = {});
[[noreturn]] void raise(lua_State* L, errc::errc_t e, std::initializer_list<error_field> fields = {});
// An error of the operating system: category `system`.
[[noreturn]] void raise_errno(lua_State* L, int error, std::initializer_list<error_field> fields = {});

// Raises generic EINVAL with member `arg`: a position (self counts) or the name of an option.
[[noreturn]] void raise_invalid_argument(lua_State* L, int position);
[[noreturn]] void raise_invalid_argument(lua_State* L, std::string_view option);

// The code of the error table at `index`, if the value is a well-formed one.
std::optional<error_code> to_error_code(lua_State* L, int index);

// True if the value at `index` is the `interrupted` error of category "emilua.core".
bool is_interrupted_error(lua_State* L, int index);

// `ec` in terms of POSIX (01 §4.3): generic if it has a default condition with a portable name, else `ec`.
error_code to_generic(error_code ec);

} // namespace emilua

template <>
struct boost::system::is_error_code_enum<emilua::core_errc> : std::true_type {
};
