#include "entitlements/overrides.h"

#include <utility>

#include "entitlements/features.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kKind = R"sql(
    SELECT kind FROM features WHERE catalog = $1 AND key = $2
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

Result<FeatureKind> kind_of(sql::Transaction& tx, const OverrideOrder& order) {
    const auto row = tx.one(kKind, {order.customer.catalog, order.feature_key});
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

/// A text may be meant for a number: "unlimited".
std::optional<FeatureValue> fitted_value(FeatureKind kind, const FeatureValue& value) {
    if (const auto* text = std::get_if<std::string>(&value))
        return parse_feature_value(kind, *text);
    if (value.index() != absent_value(kind).index()) return std::nullopt;
    return value;
}

std::vector<FeatureOverride> overrides_now(sql::Transaction& tx, const OverrideOrder& order) {
    auto overrides = load_overrides(tx, order.customer.id);
    std::erase_if(overrides,
                  [&](const FeatureOverride& one) { return one.feature_key != order.feature_key; });
    return overrides;
}

}  // namespace

Result<void> put_override(sql::Transaction& tx, const OverrideOrder& order,
                          const FeatureValue& value, std::optional<Instant> expires_at,
                          IdSource& ids) {
    const auto kind = kind_of(tx, order);
    if (!kind) return failure(kind);
    const auto fitting = fitted_value(*kind, value);
    if (!fitting)
        return invalid_argument(
            "entitlement.wrong_value",
            "the value must be one of a " + std::string(to_text(*kind)) + " feature");
    if (expires_at && *expires_at <= order.customer_now)
        return invalid_argument("entitlement.expires_in_the_past",
                                "expires_at must be in the customer's future");
    const FeatureOverride given{order.feature_key, *fitting, expires_at};
    const auto known = overrides_now(tx, order);
    if (!known.empty() && known.front() == given) return {};
    if (expires_at)
        tx.run(kRemoveOutlived,
               {order.customer.id, order.feature_key, *expires_at, order.customer_now});
    else
        tx.run(kRemoveAll, {order.customer.id, order.feature_key, order.customer_now});
    if (overrides_now(tx, order).size() >= kOverridesMax)
        return conflict("entitlement.too_many_overrides",
                        "20 overrides of this feature wait behind each other; remove them first");
    const auto newest = tx.one(kNewest, {order.customer.id, order.feature_key})->integer(0);
    tx.run(kInsert, {order.customer.id, order.feature_key, newest + 1, to_text(given.value),
                     order.authority.actor, order.customer_now, expires_at});
    AuditEntry entry = entry_of(order, "entitlement.overridden");
    entry.detail["value"] = to_text(given.value);
    entry.detail["expires_at"] = expires_at ? Json(format_rfc3339(*expires_at)) : Json();
    record(tx, entry, ids);
    return {};
}

Result<void> remove_overrides(sql::Transaction& tx, const OverrideOrder& order, IdSource& ids) {
    if (const auto kind = kind_of(tx, order); !kind) return failure(kind);
    if (tx.run(kRemoveAll, {order.customer.id, order.feature_key, order.customer_now}) > 0)
        record(tx, entry_of(order, "entitlement.override_removed"), ids);
    return {};
}

}  // namespace turnpike
