#include "sandbox/inspector/store.h"

namespace turnpike::twin {
namespace {

// Kinds of the sandbox's own ("turnpike.entitlement_grant") go by the ids of what they are about,
// and the API never shows them.
constexpr std::string_view kCountKinds = R"sql(
    SELECT kind, COUNT(*) FROM objects
     WHERE account = $1 AND kind NOT LIKE 'turnpike.%'
     GROUP BY kind ORDER BY kind
)sql";

// One statement for each question, so that each finds its index.
constexpr std::string_view kByKind = R"sql(
    SELECT seq, kind, id, status, created, body FROM objects
     WHERE account = $1 AND kind = $2 AND seq < $3 AND kind NOT LIKE 'turnpike.%'
     ORDER BY seq DESC LIMIT $4
)sql";
constexpr std::string_view kRelated = R"sql(
    SELECT seq, kind, id, status, created, body FROM objects
     WHERE account = $1 AND customer = $2 AND seq < $3 AND kind NOT LIKE 'turnpike.%'
     UNION
    SELECT seq, kind, id, status, created, body FROM objects
     WHERE account = $1 AND parent = $2 AND seq < $3 AND kind NOT LIKE 'turnpike.%'
     ORDER BY seq DESC LIMIT $4
)sql";

constexpr std::string_view kHasKind = R"sql(
    SELECT 1 FROM objects WHERE account = $1 AND kind = $2 LIMIT 1
)sql";

constexpr std::string_view kFindPlace = R"sql(
    SELECT account, kind FROM objects
     WHERE id = $1 AND kind NOT LIKE 'turnpike.%' ORDER BY seq LIMIT 1
)sql";

constexpr std::int64_t kAfterAll = INT64_MAX;

}  // namespace

std::vector<KindCount> count_kinds(sql::Transaction& tx, std::string_view account) {
    std::vector<KindCount> counts;
    for (const auto& row : tx.all(kCountKinds, {account}))
        counts.push_back({.kind = row.text(0), .objects = row.integer(1)});
    return counts;
}

std::vector<ObjectLine> search_objects(sql::Transaction& tx, const ObjectSearch& search) {
    const bool by_kind = search.related.empty();
    std::vector<ObjectLine> lines;
    for (const auto& row : tx.all(by_kind ? kByKind : kRelated,
                                  {search.account, by_kind ? search.kind : search.related,
                                   search.before.value_or(kAfterAll), search.limit}))
        lines.push_back({.sequence = row.integer(0),
                         .kind = row.text(1),
                         .id = row.text(2),
                         .status = row.text(3),
                         .created = row.integer(4),
                         .body = row.text(5)});
    return lines;
}

bool has_kind(sql::Transaction& tx, std::string_view account, std::string_view kind) {
    return !is_own_kind(kind) && tx.one(kHasKind, {account, kind}).has_value();
}

bool is_own_kind(std::string_view kind) { return kind.starts_with("turnpike."); }

std::optional<ObjectPlace> find_place(sql::Transaction& tx, std::string_view id) {
    const auto row = tx.one(kFindPlace, {id});
    if (!row) return std::nullopt;
    return ObjectPlace{.account = row->text(0), .kind = row->text(1)};
}

}  // namespace turnpike::twin
