#include "sandbox/stripe/search/search_query.h"

#include <algorithm>
#include <array>
#include <functional>
#include <ranges>
#include <utility>

#include "base/letter_case.h"
#include "json/value.h"
#include "sandbox/characters.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kMetadata = "metadata";

Refusal unreadable() {
    return bad_param(
        "", "",
        "We were unable to parse your search query. Try using the format "
        "`metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query "
        "for other fields.");
}

Refusal bad_query(const std::string& why) {
    return bad_param("", "", "We were unable to parse your search query. " + why);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_field_character(char c) {
    return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || is_digit(c) || c == '_' || c == '.';
}

struct OperatorSign {
    std::string_view text;
    SearchOperator comparison;
};
/// Longer ones first.
constexpr auto kOperators = std::to_array<OperatorSign>({
    {">=", SearchOperator::MoreOrEqual},
    {"<=", SearchOperator::LessOrEqual},
    {":", SearchOperator::Is},
    {"~", SearchOperator::Contains},
    {">", SearchOperator::More},
    {"<", SearchOperator::Less},
});

/// What is left of a query. Each take_...() moves on only when it finds its thing.
class Rest {
public:
    explicit Rest(std::string_view text) : text_(text) {}

    [[nodiscard]] bool empty() const { return text_.empty(); }
    bool skip_spaces() { return !take_while(is_space).empty(); }
    bool take(std::string_view sign) {
        if (!text_.starts_with(sign)) return false;
        text_.remove_prefix(sign.size());
        return true;
    }
    std::string_view take_while(bool (*wanted)(char)) {
        const auto end = std::ranges::find_if_not(text_, wanted) - text_.begin();
        const auto found = text_.substr(0, static_cast<std::size_t>(end));
        text_.remove_prefix(found.size());
        return found;
    }
    /// A word with a space behind it, in any case of letters.
    bool take_word(std::string_view word) {
        if (text_.size() <= word.size() || !is_space(text_[word.size()]) ||
            !equal_ignoring_case(text_.substr(0, word.size()), word))
            return false;
        text_.remove_prefix(word.size());
        return true;
    }
    /// "..." or '...', where a backslash takes the next character as it is.
    std::optional<std::string> take_quoted() {
        if (text_.empty() || (text_.front() != '"' && text_.front() != '\'')) return std::nullopt;
        const char quote = text_.front();
        std::string value;
        for (std::size_t at = 1; at < text_.size(); ++at) {
            if (text_[at] == quote) {
                text_.remove_prefix(at + 1);
                return value;
            }
            if (text_[at] == '\\' && at + 1 < text_.size()) ++at;
            value += text_[at];
        }
        return std::nullopt;
    }

private:
    std::string_view text_;
};

std::optional<SearchOperator> take_operator(Rest& rest) {
    for (const auto& sign : kOperators)
        if (rest.take(sign.text)) return sign.comparison;
    return std::nullopt;
}

bool take_field(Rest& rest, SearchClause& clause) {
    clause.field = rest.take_while(is_field_character);
    if (clause.field.empty()) return false;
    if (clause.field != kMetadata) return true;
    if (!rest.take("[")) return false;
    clause.metadata_key = rest.take_quoted();
    return clause.metadata_key && rest.take("]");
}

bool take_value(Rest& rest, SearchClause& clause) {
    clause.value = rest.take_quoted();
    if (clause.value) return true;
    const auto bare =
        rest.take_while([](char c) { return is_field_character(c) || c == '-' || c == '+'; });
    if (equal_ignoring_case(bare, "null")) return true;
    if (!parse_integer(bare)) return false;
    clause.value = bare;
    return true;
}

std::optional<SearchClause> take_clause(Rest& rest) {
    SearchClause clause;
    clause.negated = rest.take("-");
    if (!take_field(rest, clause)) return std::nullopt;
    const auto comparison = take_operator(rest);
    if (!comparison || !take_value(rest, clause)) return std::nullopt;
    clause.comparison = *comparison;
    return clause;
}

/// The node at a path of members; null when something on the way is absent.
const Json& node_at(const Json& object, std::string_view path) {
    static const Json kNothing;
    const Json* node = &object;
    for (const auto part : std::views::split(path, '.')) {
        const auto found = node->is_object()
                               ? node->find(std::string_view(part.begin(), part.end()))
                               : node->end();
        if (!node->is_object() || found == node->end()) return kNothing;
        node = &*found;
    }
    return *node;
}

std::string plain_text(const Json& node) {
    return lower_case(node.is_string() ? node.get<std::string>() : to_text(node));
}

bool compares(std::int64_t held, SearchOperator comparison, std::int64_t wanted) {
    switch (comparison) {
        case SearchOperator::More: return held > wanted;
        case SearchOperator::MoreOrEqual: return held >= wanted;
        case SearchOperator::Less: return held < wanted;
        case SearchOperator::LessOrEqual: return held <= wanted;
        case SearchOperator::Is:
        case SearchOperator::Contains: break;
    }
    return held == wanted;
}

const SearchField* find_field(std::span<const SearchField> fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, &SearchField::name);
    return found == fields.end() ? nullptr : &*found;
}

const Json& held_by(const Json& object, const SearchClause& clause,
                    std::span<const SearchField> fields) {
    if (!clause.metadata_key) return node_at(object, find_field(fields, clause.field)->path);
    static const Json kNothing;
    const Json& metadata = node_at(object, kMetadata);
    const auto found = metadata.is_object() ? metadata.find(*clause.metadata_key) : metadata.end();
    return metadata.is_object() && found != metadata.end() ? *found : kNothing;
}

bool holds(const SearchClause& clause, const Json& held) {
    if (!clause.value || held.is_null()) return !clause.value && held.is_null();
    if (clause.comparison == SearchOperator::Contains)
        return plain_text(held).contains(lower_case(*clause.value));
    if (clause.comparison == SearchOperator::Is && !held.is_number_integer())
        return plain_text(held) == lower_case(*clause.value);
    const auto wanted = parse_integer(*clause.value);
    return wanted && held.is_number_integer() &&
           compares(held.get<std::int64_t>(), clause.comparison, *wanted);
}

/// Why this clause cannot be asked of a field of that type; "" when it can.
std::string unsuitable(const SearchClause& clause, FieldType type) {
    const bool compared =
        clause.comparison != SearchOperator::Is && clause.comparison != SearchOperator::Contains;
    if (compared && type != FieldType::Number)
        return "The field `" + clause.field + "` does not support numeric comparators.";
    if (clause.comparison == SearchOperator::Contains && type != FieldType::Text)
        return "The field `" + clause.field + "` does not support substring matching.";
    if (clause.comparison == SearchOperator::Contains &&
        clause.value.value_or("").size() < kPartLengthMin)
        return "A substring must have at least 3 characters.";
    if (compared && !clause.value) return "Only `:` can be used with null.";
    if (type == FieldType::Number && clause.value && !parse_integer(*clause.value))
        return "The value of `" + clause.field + "` must be an integer.";
    return "";
}

}  // namespace

Outcome<SearchQuery> parse_search_query(std::string_view text) {
    SearchQuery query;
    std::optional<SearchQuery::Join> join;
    Rest rest(text);
    rest.skip_spaces();
    while (!rest.empty()) {
        auto clause = take_clause(rest);
        if (!clause) return unreadable();
        query.clauses.push_back(*std::move(clause));
        if (!rest.skip_spaces() && !rest.empty()) return unreadable();
        if (rest.empty()) break;
        const auto next = rest.take_word("or") ? SearchQuery::Join::Any : SearchQuery::Join::All;
        if (next == SearchQuery::Join::All) rest.take_word("and");
        if (join.value_or(next) != next) return bad_query("AND and OR cannot be combined.");
        join = next;
        rest.skip_spaces();
        if (rest.empty()) return unreadable();
    }
    if (query.clauses.empty()) return unreadable();
    if (query.clauses.size() > kSearchClausesMax) return bad_query("It can have up to 10 clauses.");
    query.join = join.value_or(SearchQuery::Join::All);
    return query;
}

Outcome<SearchQuery> checked_query(SearchQuery query, std::span<const SearchField> fields,
                                   std::string_view resource) {
    for (const auto& clause : query.clauses) {
        const auto* field = find_field(fields, clause.field);
        if (field == nullptr && !clause.metadata_key) {
            std::string anchor(resource);
            std::ranges::replace(anchor, '_', '-');
            return bad_param("", "",
                             "Field `" + clause.field +
                                 "` is an unsupported search field for resource `" +
                                 std::string(resource) +
                                 "`. See http://stripe.com/docs/search#query-fields-for-" + anchor +
                                 " for a list of supported fields.");
        }
        const auto problem = unsuitable(clause, field ? field->type : FieldType::Token);
        if (!problem.empty()) return bad_query(problem);
    }
    return query;
}

bool matches(const SearchQuery& query, std::span<const SearchField> fields, const Json& object) {
    const auto fits = [&](const SearchClause& clause) {
        return holds(clause, held_by(object, clause, fields)) != clause.negated;
    };
    return query.join == SearchQuery::Join::Any ? std::ranges::any_of(query.clauses, fits)
                                                : std::ranges::all_of(query.clauses, fits);
}

}  // namespace turnpike::twin
