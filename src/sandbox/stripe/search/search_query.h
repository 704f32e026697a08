#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// Stripe's search query language: clauses such as email~"amy", amount>1000, -status:"active" and
/// metadata["key"]:null, joined by AND (or a space) or by OR, never both. Pure.
namespace turnpike::twin {

/// What may be asked of a field: tokens are equal or not; texts may be parts of it, too; numbers
/// can be compared. No case of letters counts.
enum class FieldType : std::uint8_t { Token, Text, Number };

/// A field that one resource can be searched by, and where its objects hold it: members joined by
/// dots.
struct SearchField {
    std::string_view name;
    FieldType type;
    std::string_view path;
};

enum class SearchOperator : std::uint8_t { Is, Contains, More, MoreOrEqual, Less, LessOrEqual };

struct SearchClause {
    std::string field;
    std::optional<std::string> metadata_key{};  ///< of field "metadata"
    SearchOperator comparison = SearchOperator::Is;
    std::optional<std::string> value{};  ///< nullopt: null
    bool negated = false;
};

struct SearchQuery {
    std::vector<SearchClause> clauses;
    enum class Join : bool { All, Any } join = Join::All;
};

inline constexpr std::size_t kSearchClausesMax = 10;
/// Of a value that a text must contain.
inline constexpr std::size_t kPartLengthMin = 3;

/// Errors: 400 in Stripe's words when it cannot be read.
Outcome<SearchQuery> parse_search_query(std::string_view text);

/// Whether every clause asks for a field that there is, in a way that suits it. `resource` is the
/// name in the path: "payment_intents".
/// Errors: 400.
Outcome<SearchQuery> checked_query(SearchQuery query, std::span<const SearchField> fields,
                                   std::string_view resource);

/// `query` is checked for these fields.
bool matches(const SearchQuery& query, std::span<const SearchField> fields, const Json& object);

}  // namespace turnpike::twin
