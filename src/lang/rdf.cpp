#include "lang/rdf.hpp"

#include <exception>
#include <memory>
#include <serd/serd.h>
#include <utility>

namespace emilua::rdf {

namespace {

const std::uint8_t* bytes(const std::string& text)
{
    return reinterpret_cast<const std::uint8_t*>(text.c_str());
}

std::string text_of(const SerdNode& n)
{
    return {reinterpret_cast<const char*>(n.buf), n.n_bytes};
}

// What serd calls while it reads. It knows prefixes and the base, we make absolute IRIs of them.
class builder {
public:
    explicit builder(const std::string& base)
        : env_{nullptr, &serd_env_free}
    {
        SerdNode uri = serd_node_from_string(SERD_URI, bytes(base));
        env_.reset(serd_env_new(&uri));
    }

    std::vector<triple> triples;
    std::exception_ptr failure;

    static SerdStatus set_base(void* self, const SerdNode* uri)
    {
        return serd_env_set_base_uri(static_cast<builder*>(self)->env_.get(), uri);
    }

    static SerdStatus set_prefix(void* self, const SerdNode* name, const SerdNode* uri)
    {
        return serd_env_set_prefix(static_cast<builder*>(self)->env_.get(), name, uri);
    }

    static SerdStatus add(void* self, SerdStatementFlags, const SerdNode*, const SerdNode* subject,
                          const SerdNode* predicate, const SerdNode* object, const SerdNode* datatype,
                          const SerdNode* language)
    {
        auto& b = *static_cast<builder*>(self);
        // serd recurses for each node inside a node.
        if (b.bottom_ - static_cast<std::byte*>(__builtin_frame_address(0)) >
            static_cast<std::ptrdiff_t>(nesting_limit))
            return SERD_ERR_BAD_SYNTAX;
        try { // exceptions must not cross a C library
            node s, p, o;
            if (!b.convert(*subject, s) || !b.convert(*predicate, p) || !b.convert(*object, o))
                return SERD_ERR_BAD_CURIE;
            if (datatype && datatype->buf) {
                node type;
                if (!b.convert(*datatype, type))
                    return SERD_ERR_BAD_CURIE;
                o.datatype = std::move(type.value);
            }
            if (language && language->buf)
                o.language = text_of(*language);
            b.triples.push_back({std::move(s), std::move(p.value), std::move(o)});
            return SERD_SUCCESS;
        } catch (...) {
            b.failure = std::current_exception();
            return SERD_ERR_INTERNAL;
        }
    }

private:
    bool convert(const SerdNode& n, node& result) const
    {
        if (n.type == SERD_LITERAL || n.type == SERD_BLANK) {
            result.type = n.type == SERD_LITERAL ? node::kind::literal : node::kind::blank;
            result.value = text_of(n);
            return true;
        }
        SerdNode expanded = serd_env_expand_node(env_.get(), &n);
        if (expanded.type != SERD_URI)
            return false;
        std::unique_ptr<SerdNode, decltype(&serd_node_free)> owner{&expanded, &serd_node_free};
        result.type = node::kind::iri;
        result.value = text_of(expanded);
        return true;
    }

    std::unique_ptr<SerdEnv, decltype(&serd_env_free)> env_;
    const std::byte* const bottom_ = static_cast<std::byte*>(__builtin_frame_address(0));
};

SerdStatus be_quiet(void*, const SerdError*)
{
    return SERD_SUCCESS;
}

} // namespace

std::optional<std::vector<triple>> parse_turtle(const std::string& text, const std::string& base)
{
    if (text.find('\0') != text.npos)
        return std::nullopt; // serd would stop there
    builder b{base};
    std::unique_ptr<SerdReader, decltype(&serd_reader_free)> reader{
        serd_reader_new(SERD_TURTLE, &b, nullptr, &builder::set_base, &builder::set_prefix, &builder::add,
                        nullptr),
        &serd_reader_free};
    serd_reader_set_strict(reader.get(), true);
    serd_reader_set_error_sink(reader.get(), &be_quiet, nullptr);
    SerdStatus status = serd_reader_read_string(reader.get(), bytes(text));
    if (b.failure)
        std::rethrow_exception(b.failure);
    if (status != SERD_SUCCESS)
        return std::nullopt;
    return std::move(b.triples);
}

} // namespace emilua::rdf
