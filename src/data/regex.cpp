// Module regex (04 §4): what Lua sees.
#include "data/regex.hpp"

#include "core/arguments.hpp"
#include "core/class.hpp"
#include "data/byte_span_arguments.hpp"
#include "data/regex_engine.hpp"

#include <cmath>
#include <optional>

namespace emilua {

namespace {

// Address: key of the registry for the module.
const char module_key = 0;

constexpr struct {
    const char* name;
    regex_grammar value;
} grammars[] = {
    {"basic", regex_grammar::basic}, {"extended", regex_grammar::extended}, {"ecma", regex_grammar::ecma}};

// Options are read from the table at 1. The string stays in the table, or on the stack.
std::string_view check_string_option(lua_State* L, const char* name)
{
    lua_getfield(L, 1, name);
    if (lua_type(L, -1) != LUA_TSTRING)
        raise_invalid_argument(L, name);
    return text_at(L, -1);
}

bool check_flag_option(lua_State* L, const char* name)
{
    lua_getfield(L, 1, name);
    if (!lua_isboolean(L, -1) && !lua_isnil(L, -1))
        raise_invalid_argument(L, name);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

regex_grammar check_grammar_option(lua_State* L)
{
    auto name = check_string_option(L, "grammar");
    for (auto& g : grammars) {
        if (g.name == name)
            return g.value;
    }
    raise_invalid_argument(L, "grammar");
}

int new_regex(lua_State* L)
{
    if (!lua_istable(L, 1))
        raise_invalid_argument(L, 1);
    check_c_stack(L, regex_stack_reserve);
    auto pattern = check_string_option(L, "pattern");
    regex_options options{
        .grammar = check_grammar_option(L),
        .ignore_case = check_flag_option(L, "ignore_case"),
        .nosubs = check_flag_option(L, "nosubs"),
        .optimize = check_flag_option(L, "optimize"),
    };
    push<regex>(L, pattern, options);
    return 1;
}

// The string or byte_span that is searched, at 2, and its parts. Takes a slot of the Lua stack.
class subject {
public:
    explicit subject(lua_State* L)
        : L_{L}
        , text_{check_bytes(L, 2)}
    {
        if (lua_isuserdata(L, 2))
            cutter_.emplace(L, 2);
    }

    std::string_view text() const { return text_; }

    void push_part(regex::range r) const
    {
        if (cutter_)
            cutter_->push_part(r.begin, r.end);
        else
            lua_pushlstring(L_, text_.data() + r.begin, r.end - r.begin);
    }
    void push_nothing() const
    {
        if (cutter_)
            push_byte_span(L_, 0, 0);
        else
            lua_pushliteral(L_, "");
    }

private:
    lua_State* L_;
    std::string_view text_;
    std::optional<span_cutter> cutter_;
};

unsigned check_flags(lua_State* L)
{
    lua_Number flags = check_position(L, 3, 0);
    return flags >= 0 && flags < 0x1p31 ? static_cast<unsigned>(flags) : 0;
}

int match(lua_State* L)
{
    auto& re = check<regex>(L, 1);
    lua_settop(L, 3);
    subject s{L};
    if (!re.match(s.text(), check_flags(L))) {
        lua_pushnil(L);
        return 1;
    }
    if (re.mark_count() == 0) {
        lua_pushvalue(L, 2);
        return 1;
    }
    int count = static_cast<int>(re.mark_count());
    luaL_checkstack(L, count, "too many groups");
    for (int i = 1; i <= count; ++i) {
        auto group = re.group(static_cast<std::size_t>(i));
        if (group.matched)
            s.push_part(group);
        else
            s.push_nothing();
    }
    return count;
}

void set_range(lua_State* L, int index, regex::range r)
{
    lua_createtable(L, 0, 2);
    lua_pushnumber(L, static_cast<lua_Number>(r.begin) + 1);
    lua_setfield(L, -2, "start");
    lua_pushnumber(L, static_cast<lua_Number>(r.end));
    lua_setfield(L, -2, "end_");
    lua_rawseti(L, -2, index);
}

int search(lua_State* L)
{
    auto& re = check<regex>(L, 1);
    bool found = re.search(check_bytes(L, 2), 0, check_flags(L));
    lua_newtable(L);
    lua_pushboolean(L, !found);
    lua_setfield(L, -2, "empty");
    if (!found)
        return 1;
    set_range(L, 0, re.whole());
    for (std::size_t i = 1; i <= re.mark_count(); ++i) {
        if (auto group = re.group(i); group.matched)
            set_range(L, static_cast<int>(i), group);
    }
    return 1;
}

// The regex at 1, which must have no groups.
regex& check_separator(lua_State* L)
{
    auto& re = check<regex>(L, 1);
    check_bytes(L, 2);
    if (re.mark_count() > 0)
        raise(L, errc::not_supported);
    return re;
}

// An array under construction on top of the stack.
class pieces {
public:
    explicit pieces(const subject& s, lua_State* L)
        : subject_{s}
        , L_{L}
    {
        lua_newtable(L);
    }
    void add(regex::range r)
    {
        subject_.push_part(r);
        lua_rawseti(L_, -2, ++count_);
    }

private:
    const subject& subject_;
    lua_State* L_;
    int count_ = 0;
};

int split(lua_State* L)
{
    auto& re = check_separator(L);
    subject s{L};
    pieces result{s, L};
    emilua::split(re, s.text(), [&](regex::range r) { result.add(r); });
    return 1;
}

int patsplit(lua_State* L)
{
    auto& re = check_separator(L);
    subject s{L};
    pieces result{s, L};
    std::size_t size = s.text().size();
    std::size_t end_of_non_empty = std::string_view::npos;
    for (std::size_t position = 0; position <= size && re.search(s.text(), position);) {
        auto found = re.whole();
        if (found.empty()) {
            if (found.begin != end_of_non_empty)
                result.add(found);
            if (!re.search(s.text(), found.begin, regex_flag::not_null | regex_flag::continuous)) {
                position = found.begin + 1;
                continue;
            }
            found = re.whole();
        }
        result.add(found);
        position = end_of_non_empty = found.end;
    }
    return 1;
}

int get_mark_count(lua_State* L)
{
    lua_pushnumber(L, static_cast<lua_Number>(check<regex>(L, 1).mark_count()));
    return 1;
}

int get_grammar(lua_State* L)
{
    auto value = check<regex>(L, 1).options().grammar;
    lua_pushstring(L, grammars[static_cast<int>(value)].name);
    return 1;
}

template <bool regex_options::*Option>
int get_option(lua_State* L)
{
    lua_pushboolean(L, check<regex>(L, 1).options().*Option);
    return 1;
}

constexpr struct {
    const char* name;
    unsigned value;
} match_flags[] = {
    {"not_bol", regex_flag::not_bol},
    {"not_eol", regex_flag::not_eol},
    {"not_bow", regex_flag::not_bow},
    {"not_eow", regex_flag::not_eow},
    {"any", regex_flag::any},
    {"not_null", regex_flag::not_null},
    {"continuous", regex_flag::continuous},
};

} // namespace

int open_regex(lua_State* L)
{
    lua_pushlightuserdata(L, const_cast<char*>(&module_key));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (!lua_isnil(L, -1))
        return 1;
    lua_pop(L, 1);
    class_<regex>{L, "regex"}
        .property("mark_count", fn<get_mark_count>)
        .property("grammar", fn<get_grammar>)
        .property("ignore_case", fn<get_option<&regex_options::ignore_case>>)
        .property("nosubs", fn<get_option<&regex_options::nosubs>>)
        .property("optimized", fn<get_option<&regex_options::optimize>>);
    lua_newtable(L);
    set_functions(L, {{"new", fn<new_regex>},
                      {"match", fn<match>},
                      {"search", fn<search>},
                      {"split", fn<split>},
                      {"patsplit", fn<patsplit>}});
    lua_createtable(L, 0, std::size(match_flags));
    for (auto& flag : match_flags) {
        lua_pushinteger(L, static_cast<lua_Integer>(flag.value));
        lua_setfield(L, -2, flag.name);
    }
    lua_setfield(L, -2, "match_flag");
    lua_pushlightuserdata(L, const_cast<char*>(&module_key));
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 1;
}

} // namespace emilua
