#include "lang/turtle.hpp"

#include "core/class.hpp"
#include "core/generic_errors.hpp"
#include "core/runtime.hpp"
#include "lang/rdf.hpp"
#include "lang/source.hpp"

#include <charconv>
#include <climits>
#include <clocale>
#include <cmath>
#include <map>
#include <mutex>
#include <unordered_map>

namespace emilua {

namespace {

constexpr const char* module_iri = "about:emilua-module";
constexpr const char* type_iri = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
constexpr const char* integer_iri = "http://www.w3.org/2001/XMLSchema#integer";
constexpr const char* category_iri = "https://schema.emilua.org/error_category/0/";
constexpr const char* error_iri = "https://schema.emilua.org/error_category/0/#error";
constexpr const char* code_iri = "https://schema.emilua.org/error_category/0/#code";
constexpr const char* alias_iri = "https://schema.emilua.org/error_category/0/#alias";
constexpr const char* message_iri = "https://schema.emilua.org/error_category/0/#message";
constexpr const char* generic_iri = "https://schema.emilua.org/error_category/0/#generic_error";

using messages_by_language = std::map<std::string, std::string, std::less<>>;

struct declared_error {
    messages_by_language messages; // "" is the message without language tag
    std::string text;              // the one for this process
    int generic = 0;
};

// Made once a process for each file, and never freed: error codes point to it.
class turtle_category final : public error_category {
public:
    explicit turtle_category(const std::string& file)
        : name_{"file://" + file}
    {
    }

    const char* name() const noexcept override { return name_.c_str(); }

    std::string message(int code) const override
    {
        auto it = errors_.find(code);
        return it == errors_.end() ? "Unknown" : it->second.text;
    }

    boost::system::error_condition default_error_condition(int code) const noexcept override
    {
        auto it = errors_.find(code);
        if (it == errors_.end() || it->second.generic == 0)
            return {code, *this};
        return {it->second.generic, boost::system::generic_category()};
    }

    const int* alias(std::string_view name) const
    {
        auto it = aliases_.find(name);
        return it == aliases_.end() ? nullptr : &it->second;
    }

    // Both return false if the document breaks a rule.
    bool declare(const std::vector<rdf::triple>& document, const rdf::node& error);
    bool choose_messages(std::string_view locale);

private:
    std::string name_;
    std::map<int, declared_error> errors_;
    std::map<std::string, int, std::less<>> aliases_;
};

std::vector<const rdf::node*> objects(const std::vector<rdf::triple>& document, const rdf::node& subject,
                                      std::string_view predicate)
{
    std::vector<const rdf::node*> result;
    for (auto& t : document) {
        if (t.subject == subject && t.predicate == predicate)
            result.push_back(&t.object);
    }
    return result;
}

bool is_text(const rdf::node& n)
{
    return n.type == rdf::node::kind::literal && n.datatype.empty();
}

bool is_plain_string(const rdf::node& n)
{
    return is_text(n) && n.language.empty();
}

bool read_integer(const rdf::node& n, int& result)
{
    if (n.type != rdf::node::kind::literal || n.datatype != integer_iri)
        return false;
    std::string_view digits = n.value;
    if (digits.starts_with('+') && !digits.starts_with("+-"))
        digits.remove_prefix(1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
    return error == std::errc{} && end == digits.data() + digits.size();
}

// The errno of "EINVAL" and the like; 0 for any other text.
int errno_by_name(std::string_view name)
{
    for (auto& e : generic_errors()) {
        if (e.name == name)
            return e.code;
    }
    return 0;
}

bool turtle_category::declare(const std::vector<rdf::triple>& document, const rdf::node& error)
{
    int code;
    auto codes = objects(document, error, code_iri);
    if (codes.size() != 1 || !read_integer(*codes[0], code))
        return false;
    declared_error& known = errors_[code];

    for (const rdf::node* alias : objects(document, error, alias_iri)) {
        if (!is_plain_string(*alias) || !aliases_.emplace(alias->value, code).second)
            return false;
    }

    messages_by_language messages;
    for (const rdf::node* message : objects(document, error, message_iri)) {
        if (!is_text(*message) || !messages.emplace(message->language, message->value).second)
            return false;
    }
    // Another node may have declared the code: what both say must agree.
    for (auto& [language, text] : messages) {
        if (known.messages.emplace(language, text).first->second != text)
            return false;
    }

    auto generic = objects(document, error, generic_iri);
    if (generic.empty())
        return true;
    int mapped = generic.size() == 1 && is_plain_string(*generic[0]) ? errno_by_name(generic[0]->value) : 0;
    if (mapped == 0 || (known.generic != 0 && known.generic != mapped))
        return false;
    known.generic = mapped;
    return true;
}

// Takes the message whose tag is the longest prefix of `locale`; the one without tag fits all.
bool turtle_category::choose_messages(std::string_view locale)
{
    for (auto& [code, error] : errors_) {
        if (!error.messages.contains(""))
            return false;
        std::size_t longest = 0;
        for (auto& [language, text] : error.messages) {
            std::string prefix = language;
            if (auto dash = prefix.find('-'); dash != prefix.npos)
                prefix[dash] = '_';
            if (prefix.size() >= longest && locale.starts_with(prefix)) {
                longest = prefix.size();
                error.text = text;
            }
        }
        error.messages.clear();
    }
    return true;
}

std::unique_ptr<turtle_category> read_category(const std::string& text, const std::string& file,
                                               error_code& ec)
{
    auto document = rdf::parse_turtle(text, "file://" + file);
    if (!document || document->empty()) {
        ec = core_errc::bad_rdf;
        return nullptr;
    }
    const rdf::node module{rdf::node::kind::iri, module_iri, {}, {}};
    auto types = objects(*document, module, type_iri);
    if (types.size() != 1 || types[0]->type != rdf::node::kind::iri) {
        ec = core_errc::bad_rdf_module;
        return nullptr;
    }
    ec = core_errc::bad_rdf_error_category;
    if (types[0]->value != category_iri)
        return nullptr;
    auto category = std::make_unique<turtle_category>(file);
    for (const rdf::node* error : objects(*document, module, error_iri)) {
        if (!category->declare(*document, *error))
            return nullptr;
    }
    const char* locale = std::setlocale(LC_MESSAGES, nullptr);
    if (!category->choose_messages(locale ? locale : "C"))
        return nullptr;
    ec = {};
    return category;
}

const turtle_category* find_category(runtime& rt, const std::string& file, error_code& ec)
{
    static std::mutex mutex;
    static auto& categories = *new std::unordered_map<std::string, std::unique_ptr<turtle_category>>;
    std::lock_guard lock{mutex};
    auto it = categories.find(file);
    if (it == categories.end()) {
        auto text = read_source(rt, file, ec);
        if (ec)
            return nullptr;
        auto category = read_category(*text, file, ec);
        if (ec)
            return nullptr;
        it = categories.emplace(file, std::move(category)).first;
    }
    return it->second.get();
}

struct turtle_module {
    const turtle_category* category;
};

// Called with self, key: an alias or a code.
int index(lua_State* L)
{
    const turtle_category& category = *check<turtle_module>(L, 1).category;
    int code;
    if (lua_type(L, 2) == LUA_TNUMBER) {
        double number = std::trunc(lua_tonumber(L, 2));
        if (!(number >= INT_MIN && number <= INT_MAX))
            return raise_bad_index(L);
        code = static_cast<int>(number);
    } else {
        std::size_t size;
        const char* name = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &size) : nullptr;
        const int* known = name ? category.alias({name, size}) : nullptr;
        if (!known)
            return raise_bad_index(L);
        code = *known;
    }
    if (code == 0)
        lua_pushnil(L);
    else
        push_error(L, {code, category});
    return 1;
}

} // namespace

error_code push_turtle_module(lua_State* L, const std::string& file)
{
    check_c_stack(L, 2 * rdf::nesting_limit);
    error_code ec;
    if (auto* category = find_category(vm::of(L).rt(), file, ec)) {
        define_once<turtle_module>(L, [L] {
            class_<turtle_module>{L, "rdf_error_category_module"}.fallback(fn<index>);
        });
        push<turtle_module>(L, category);
    }
    return ec;
}

} // namespace emilua
