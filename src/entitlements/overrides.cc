#include "entitlements/overrides.h"

#include <utility>

#include "entitlements/features.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kSoldKind = R"sql(
    SELECT kind FROM features WHERE catalog = $1 AND key = $2 AND archived_at IS NULL
    UNION ALL
    SELECT 'metered' FROM meters WHERE catalog = $1 AND key = $2 AND archived_at IS NULL
)sql";

/// Of what was ever sold.
constexpr std::string_view kKind = R"sql(
    SELECT kind FROM features WHERE catalog = $1 AND key = $2
    UNION ALL
    SELECT 'metered' FROM meters WHERE catalog = $1 AND key = $2
)sql";

constexpr std::string_view kWaiting = R"sql(
    SELECT value, expires_at FROM entitlement_overrides
     WHERE customer_id = $1 AND feature_key = $2 AND removed_at IS NULL
     ORDER BY number DESC
)sql";

constexpr std::string_view kInsert = R"sql(
    INSERT INTO entitlement_overrides (customer_id, feature_key, number, value, actor, created_at,
                                       expires_at, removed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)
)sql";

constexpr std::string_view kNewest = R"sql(
    SELECT COALESCE(MAX(number), 0) FROM entitlement_overrides
     WHERE customer_id = $1 AND feature_key = $2
)sql";

/// Those that end no later than the new one.
constexpr std::string_view kRemoveOutlived = R"sql(
    UPDATE entitlement_overrides SET removed_at = $4
     WHERE customer_id = $1 AND feature_key = $2 AND removed_at IS NULL AND expires_at <= $3
)sql";

constexpr std::string_view kRemoveAll = R"sql(
    UPDATE entitlement_overrides SET removed_at = $3
     WHERE customer_id = $1 AND feature_key = $2 AND removed_at IS NULL
)sql";

/// \param sql  kSoldKind or kKind
Result<FeatureKind> kind_of(sql::Transaction& tx, std::string_view sql,
                            const OverrideOrder& order) {
    const auto row = tx.one(sql, {order.customer.catalog, order.feature_key});
    if (!row)
        return not_found("entitlement.no_such_feature",
                         "there is no feature '" + order.feature_key + "'");
    return known_word(parse_feature_kind(row->text(0)));
}

AuditEntry entry_of(const OverrideOrder& order, std::string action) {
    Json detail;
    detail["feature"] = order.feature_key;
    return {.at = order.now,
            .actor = order.authority.actor,
            .action = std::move(action),
            .object_id = order.customer.id.text(),
            .customer = order.customer.id.text(),
            .request_id = order.authority.request_id,
            .detail = std::move(detail)};
}

/// As it is stored; nullopt: it is none of this kind. A text may be meant for a number:
/// "unlimited".
std::optional<std::string> text_of(FeatureKind kind, const OverrideValue& value) {
    if (kind == FeatureKind::Metered)
        return value.of_meter ? std::optional(to_text(*value.of_meter)) : std::nullopt;
    if (!value.of_feature) return std::nullopt;
    FeatureValue fitting = *value.of_feature;
    if (const auto* text = std::get_if<std::string>(&fitting)) {
        const auto meant = parse_feature_value(kind, *text);
        return meant ? std::optional(to_text(*meant)) : std::nullopt;
    }
    if (fitting.index() != absent_value(kind).index()) return std::nullopt;
    return to_text(fitting);
}

std::vector<sql::Row> load_waiting(sql::Transaction& tx, const OverrideOrder& order) {
    return tx.all(kWaiting, {order.customer.id, order.feature_key});
}

}  // namespace

Result<void> put_override(sql::Transaction& tx, const OverrideOrder& order,
                          const OverrideValue& value, std::optional<Instant> expires_at,
                          IdSource& ids) {
    const auto kind = kind_of(tx, kSoldKind, order);
    if (!kind) return failure(kind);
    const auto given = text_of(*kind, value);
    if (!given)
        return invalid_argument(
            "entitlement.wrong_value",
            "the value must be one of a " + std::string(to_text(*kind)) + " feature");
    if (expires_at && *expires_at <= order.customer_now)
        return invalid_argument("entitlement.expires_in_the_past",
                                "expires_at must be in the customer's future");
    const auto known = load_waiting(tx, order);
    if (!known.empty() && known.front().text(0) == *given &&
        known.front().maybe_instant(1) == expires_at)
        return {};
    if (expires_at)
        tx.run(kRemoveOutlived,
               {order.customer.id, order.feature_key, *expires_at, order.customer_now});
    else
        tx.run(kRemoveAll, {order.customer.id, order.feature_key, order.customer_now});
    if (load_waiting(tx, order).size() >= kOverridesMax)
        return conflict("entitlement.too_many_overrides",
                        "20 overrides of this feature wait behind each other; remove them first");
    const auto newest = tx.one(kNewest, {order.customer.id, order.feature_key})->integer(0);
    tx.run(kInsert, {order.customer.id, order.feature_key, newest + 1, *given,
                     order.authority.actor, order.customer_now, expires_at});
    AuditEntry entry = entry_of(order, "entitlement.overridden");
    entry.detail["value"] = *given;
    entry.detail["expires_at"] = expires_at ? Json(format_rfc3339(*expires_at)) : Json();
    record(tx, entry, ids);
    return {};
}

Result<void> remove_overrides(sql::Transaction& tx, const OverrideOrder& order, IdSource& ids) {
    if (const auto kind = kind_of(tx, kKind, order); !kind) return failure(kind);
    if (tx.run(kRemoveAll, {order.customer.id, order.feature_key, order.customer_now}) > 0)
        record(tx, entry_of(order, "entitlement.override_removed"), ids);
    return {};
}

}  // namespace turnpike
