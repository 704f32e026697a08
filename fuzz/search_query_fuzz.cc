// Any bytes as a search query: refused with 400, or a query within its limits that can be asked of
// any object.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/search/search_query.h"

namespace {

using turnpike::check, turnpike::Json;
using turnpike::twin::FieldType, turnpike::twin::SearchField;

constexpr SearchField kFields[] = {
    {"amount", FieldType::Number, "amount"},
    {"email", FieldType::Text, "email"},
    {"status", FieldType::Token, "a.b.status"},
};

const Json kObjects[] = {
    Json::object(),
    Json{{"amount", 7}, {"email", "a@b.co"}, {"a", {{"b", {{"status", true}}}}}},
    Json{{"amount", nullptr}, {"email", Json::array()}, {"a", 1}, {"metadata", {{"k", "v"}}}},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const auto parsed = turnpike::twin::parse_search_query(std::string_view(bytes, size));
    if (!parsed) {
        check(parsed.error().http_status == 400, "what cannot be read is the client's fault");
        return 0;
    }
    check(!parsed->clauses.empty() && parsed->clauses.size() <= turnpike::twin::kSearchClausesMax,
          "clauses are bounded");
    auto query = turnpike::twin::checked_query(*parsed, kFields, "customers");
    if (!query) return 0;
    for (const Json& object : kObjects) {
        const bool found = matches(*query, kFields, object);
        if (query->clauses.size() > 1) continue;
        query->clauses.front().negated = !query->clauses.front().negated;
        check(matches(*query, kFields, object) != found, "a clause holds or its negation does");
        query->clauses.front().negated = !query->clauses.front().negated;
    }
    return 0;
}
