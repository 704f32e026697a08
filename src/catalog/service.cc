#include "catalog/service.h"

#include <algorithm>

#include "base/check.h"
#include "catalog/wire.h"
#include "json/value.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kNewestVersions = R"sql(
    SELECT v.id, p.id, p.key, p.name, p.rank, p.is_default, v.number, v.custom_price, p.catalog,
           p.description, p.origin, p.archived_at, p.trial_days_max
      FROM plans p
      JOIN plan_versions v ON v.plan_id = p.id
      JOIN catalogs c ON c.key = p.catalog
     WHERE p.archived_at IS NULL
       AND v.number = (SELECT MAX(w.number) FROM plan_versions w WHERE w.plan_id = p.id)
     ORDER BY c.position, p.rank, p.key
)sql";

constexpr std::string_view kVersion = R"sql(
    SELECT v.id, p.id, p.key, p.name, p.rank, p.is_default, v.number, v.custom_price, p.catalog,
           p.description, p.origin, p.archived_at, p.trial_days_max
      FROM plan_versions v JOIN plans p ON p.id = v.plan_id
     WHERE v.id = $1
)sql";

constexpr std::string_view kArchivedPlans = R"sql(
    SELECT id, catalog, key FROM plans WHERE archived_at IS NOT NULL ORDER BY catalog, key
)sql";

constexpr std::string_view kCatalogs = R"sql(
    SELECT key FROM catalogs ORDER BY position
)sql";

constexpr std::string_view kFeatures = R"sql(
    SELECT f.catalog, f.key, f.name, f.kind, f.origin
      FROM features f JOIN catalogs c ON c.key = f.catalog
     WHERE f.archived_at IS NULL
     ORDER BY c.position, f.key
)sql";

constexpr std::string_view kFeaturesOf = R"sql(
    SELECT v.feature_key, f.kind, v.value
      FROM plan_features v JOIN features f ON f.catalog = $2 AND f.key = v.feature_key
     WHERE v.plan_version_id = $1
     ORDER BY v.feature_key
)sql";

constexpr std::string_view kPricesOf = R"sql(
    SELECT id, interval, interval_count, amount_minor, currency
      FROM prices
     WHERE plan_version_id = $1
     ORDER BY currency <> 'usd', currency, interval <> 'month', interval, interval_count
)sql";

constexpr std::string_view kAllowancesOf = R"sql(
    SELECT meter_key, included, overage, overage_unit_price, reset, overage_cap
      FROM allowances
     WHERE plan_version_id = $1
     ORDER BY meter_key, reset
)sql";

constexpr std::string_view kMeters = R"sql(
    SELECT key, name, unit, event_type, aggregation, property, filter, group_by, catalog
      FROM meters
     WHERE archived_at IS NULL
     ORDER BY key
)sql";

constexpr std::string_view kRouteCosts = R"sql(
    SELECT r.method, r.pattern, r.meter_key, r.units, r.on_failure, r.catalog
      FROM route_costs r JOIN catalogs c ON c.key = r.catalog
     ORDER BY c.position, r.position
)sql";

constexpr std::string_view kPrice = R"sql(
    SELECT id, plan_version_id, interval, interval_count, amount_minor, currency
      FROM prices
     WHERE id = $1
)sql";

constexpr std::string_view kRankOfPrice = R"sql(
    SELECT p.rank
      FROM prices c
      JOIN plan_versions v ON v.id = c.plan_version_id
      JOIN plans p ON p.id = v.plan_id
     WHERE c.id = $1
)sql";

constexpr std::string_view kProviderPrice = R"sql(
    SELECT provider_price_id FROM provider_prices
     WHERE price_id = $1 AND provider = $2
     ORDER BY linked_at DESC, provider_price_id
     LIMIT 1
)sql";

constexpr std::string_view kPriceOfProvider = R"sql(
    SELECT p.id, p.plan_version_id, p.interval, p.interval_count, p.amount_minor, p.currency
      FROM provider_prices l JOIN prices p ON p.id = l.price_id
     WHERE l.provider = $1 AND l.provider_price_id = $2
)sql";

constexpr std::string_view kLinkPrice = R"sql(
    INSERT INTO provider_prices (price_id, provider, provider_price_id, linked_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (provider, provider_price_id) DO UPDATE SET linked_at = excluded.linked_at
     WHERE provider_prices.price_id = excluded.price_id
)sql";

Money money_from(const sql::Row& row, std::size_t minor, std::size_t currency) {
    return {row.integer(minor), known_word(parse_currency(row.text(currency)))};
}

Recurrence recurrence_from(const sql::Row& row, std::size_t interval, std::size_t count) {
    return {known_word(parse_interval(row.text(interval))), static_cast<int>(row.integer(count))};
}

Allowance allowance_from(const sql::Row& row) {
    Allowance allowance{
        .meter_key = row.text(0),
        .included = row.quantity(1),
        .overage = known_word(parse_overage_policy(row.text(2))),
        .overage_unit_price = std::nullopt,
        .reset = known_word(parse_reset(row.text(4))),
    };
    if (!row.is_null(3)) allowance.overage_unit_price = row.unit_price(3);
    if (!row.is_null(5)) allowance.overage_cap = row.unit_price(5);
    return allowance;
}

Json json_from(const std::string& text) {
    auto json = parse_json(text);
    check(json.has_value(), "the ledger holds only JSON that we wrote");
    return *std::move(json);
}

Meter meter_from(const sql::Row& row) {
    return {.key = row.text(0),
            .name = row.text(1),
            .unit = row.text(2),
            .event_type = row.text(3),
            .aggregation = known_word(parse_aggregation(row.text(4))),
            .property = row.text(5),
            .filter = read_filter(json_from(row.text(6))),
            .group_by = json_from(row.text(7)).get<std::vector<std::string>>(),
            .catalog = row.text(8)};
}

PlanVersion version_from(sql::Transaction& tx, const sql::Row& row) {
    PlanVersion version{
        .id = row.id<PlanVersionId>(0),
        .plan = row.id<PlanId>(1),
        .key = row.text(2),
        .name = row.text(3),
        .rank = static_cast<int>(row.integer(4)),
        .is_default = row.flag(5),
        .number = static_cast<int>(row.integer(6)),
        .prices = {},
        .allowances = {},
        .features = {},
        .custom_price = row.flag(7),
        .catalog = row.text(8),
        .description = row.text(9),
        .origin = known_word(parse_origin(row.text(10))),
        .is_archived = !row.is_null(11),
        .trial_days_max = row.integer(12),
    };
    for (const auto& price : tx.all(kPricesOf, {version.id}))
        version.prices.push_back(
            {price.id<PriceId>(0), recurrence_from(price, 1, 2), money_from(price, 3, 4)});
    for (const auto& allowance : tx.all(kAllowancesOf, {version.id}))
        version.allowances.push_back(allowance_from(allowance));
    for (const auto& feature : tx.all(kFeaturesOf, {version.id, version.catalog})) {
        const auto kind = known_word(parse_feature_kind(feature.text(1)));
        version.features.push_back(
            {feature.text(0), known_word(parse_feature_value(kind, feature.text(2)))});
    }
    return version;
}

RouteCost route_from(const sql::Row& row) {
    RouteCost cost{.method = row.text(0),
                   .pattern = row.text(1),
                   .meter_key = row.text(2),
                   .units = row.integer(3)};
    if (!row.is_null(4)) cost.on_failure = known_word(parse_on_failure(row.text(4)));
    cost.catalog = row.text(5);
    return cost;
}

PriceInPlan price_from(const sql::Row& row) {
    return {row.id<PriceId>(0), row.id<PlanVersionId>(1), recurrence_from(row, 2, 3),
            money_from(row, 4, 5)};
}

}  // namespace

Catalog load_catalog(sql::Transaction& tx) {
    Catalog catalog;
    for (const auto& row : tx.all(kNewestVersions)) catalog.plans.push_back(version_from(tx, row));
    for (const auto& row : tx.all(kMeters)) catalog.meters.push_back(meter_from(row));
    for (const auto& row : tx.all(kRouteCosts)) catalog.route_costs.push_back(route_from(row));
    for (const auto& row : tx.all(kCatalogs)) catalog.keys.push_back(row.text(0));
    for (const auto& row : tx.all(kArchivedPlans))
        catalog.archived.push_back({row.id<PlanId>(0), row.text(1), row.text(2)});
    for (const auto& row : tx.all(kFeatures))
        catalog.features.push_back({row.text(0), row.text(1), row.text(2),
                                    known_word(parse_feature_kind(row.text(3))),
                                    known_word(parse_origin(row.text(4)))});
    return catalog;
}

Result<PlanVersion> load_plan_version(sql::Transaction& tx, const PlanVersionId& id) {
    const auto row = tx.one(kVersion, {id});
    if (!row) return not_found("catalog.no_such_plan_version", "no plan version " + id.text());
    return version_from(tx, *row);
}

Result<PriceInPlan> load_price(sql::Transaction& tx, const PriceId& id) {
    const auto row = tx.one(kPrice, {id});
    if (!row) return not_found("catalog.no_such_price", "no price " + id.text());
    return price_from(*row);
}

Result<PlanRanks> plan_ranks(sql::Transaction& tx, const PriceId& from, const PriceId& to) {
    PlanRanks ranks;
    for (const auto& [price, rank] : {std::pair(&from, &ranks.from), std::pair(&to, &ranks.to)}) {
        const auto known_price = load_price(tx, *price);
        if (!known_price) return failure(known_price);
        *rank = static_cast<int>(tx.one(kRankOfPrice, {*price})->integer(0));
    }
    return ranks;
}

std::optional<std::string> find_provider_price(sql::Transaction& tx, const PriceId& id,
                                               std::string_view provider) {
    const auto row = tx.one(kProviderPrice, {id, provider});
    if (!row) return std::nullopt;
    return row->text(0);
}

std::optional<PriceInPlan> find_price_of_provider(sql::Transaction& tx, std::string_view provider,
                                                  std::string_view provider_price_id) {
    const auto row = tx.one(kPriceOfProvider, {provider, provider_price_id});
    if (!row) return std::nullopt;
    return price_from(*row);
}

bool link_provider_price(sql::Transaction& tx, const PriceInProvider& link, Instant now) {
    return tx.run(kLinkPrice, {link.price, link.provider, link.provider_price, now}) == 1;
}

}  // namespace turnpike
