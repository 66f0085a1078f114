// Turtle documents as triples: a thin face of serd.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace emilua::rdf {

struct node {
    enum class kind { iri, blank, literal };

    kind type;
    std::string value;    // absolute IRI, label of a blank node, text of a literal
    std::string datatype; // IRI; of typed literals, numbers included
    std::string language; // tag without @

    bool operator==(const node&) const = default;
};

struct triple {
    node subject;
    std::string predicate;
    node object;
};

// The triples of `text` in order, none if it is not Turtle. Relative IRIs refer to `base`. Needs as much C
// stack as the document nests, up to nesting_limit: deeper ones are refused.
inline constexpr std::size_t nesting_limit = 64 * 1024;
std::optional<std::vector<triple>> parse_turtle(const std::string& text, const std::string& base);

} // namespace emilua::rdf
