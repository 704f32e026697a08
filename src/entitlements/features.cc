#include "entitlements/features.h"

#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kFeature = R"sql(
    SELECT name, kind, origin FROM features WHERE catalog = $1 AND key = $2
)sql";

constexpr std::string_view kOverrides = R"sql(
    SELECT o.feature_key, f.kind, o.value, o.expires_at
      FROM entitlement_overrides o
      JOIN customers c ON c.id = o.customer_id
      JOIN features f ON f.catalog = c.catalog AND f.key = o.feature_key
     WHERE o.customer_id = $1 AND o.removed_at IS NULL
     ORDER BY o.feature_key, o.number DESC
)sql";

}  // namespace

const FeatureOverride* override_of(const Standing& standing, std::string_view feature_key,
                                   Instant now) {
    for (const FeatureOverride& one : standing.overrides)
        if (one.feature_key == feature_key && (!one.expires_at || now < *one.expires_at))
            return &one;
    return nullptr;
}

FeatureValue feature_value(const Standing& standing, const Feature& feature, Instant now) {
    if (const auto* own = override_of(standing, feature.key, now)) return own->value;
    const FeatureValue* of_plan = standing.plan->feature(feature.key);
    return of_plan != nullptr ? *of_plan : absent_value(feature.kind);
}

Result<FeatureValue> feature_of(sql::Transaction& tx, const Standing& standing,
                                std::string_view feature_key) {
    const auto row = tx.one(kFeature, {standing.plan->catalog, feature_key});
    if (!row)
        return not_found("entitlement.no_such_feature",
                         "there is no feature '" + std::string(feature_key) + "'");
    const Feature feature{standing.plan->catalog, std::string(feature_key), row->text(0),
                          known_word(parse_feature_kind(row->text(1))),
                          known_word(parse_origin(row->text(2)))};
    return feature_value(standing, feature, standing.now);
}

std::vector<FeatureOverride> load_overrides(sql::Transaction& tx, const CustomerId& customer) {
    std::vector<FeatureOverride> overrides;
    for (const auto& row : tx.all(kOverrides, {customer})) {
        const auto kind = known_word(parse_feature_kind(row.text(1)));
        overrides.push_back({row.text(0), known_word(parse_feature_value(kind, row.text(2))),
                             row.maybe_instant(3)});
    }
    return overrides;
}

}  // namespace turnpike
