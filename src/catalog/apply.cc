#include <algorithm>
#include <string>
#include <variant>

#include "base/encoding.h"
#include "catalog/service.h"
#include "catalog/wire.h"
#include "crypto/crypto.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kArchiveMeters = R"sql(
    UPDATE meters SET archived_at = $1 WHERE archived_at IS NULL
)sql";

constexpr std::string_view kSaveMeter = R"sql(
    INSERT INTO meters (key, name, unit, event_type, aggregation, property, filter, group_by,
                        archived_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, $9)
    ON CONFLICT (key) DO UPDATE
       SET name = excluded.name, unit = excluded.unit, event_type = excluded.event_type,
           property = excluded.property, filter = excluded.filter, group_by = excluded.group_by,
           archived_at = NULL
)sql";

constexpr std::string_view kAggregations = R"sql(
    SELECT key, aggregation FROM meters
)sql";

constexpr std::string_view kArchivePlans = R"sql(
    UPDATE plans SET archived_at = $1, is_default = 0 WHERE archived_at IS NULL
)sql";

constexpr std::string_view kSavePlan = R"sql(
    INSERT INTO plans (id, key, name, rank, is_default, archived_at, created_at)
    VALUES ($1, $2, $3, $4, $5, NULL, $6)
    ON CONFLICT (key) DO UPDATE
       SET name = excluded.name, rank = excluded.rank, is_default = excluded.is_default,
           archived_at = NULL
    RETURNING id
)sql";

constexpr std::string_view kNewestOf = R"sql(
    SELECT number, content_hash FROM plan_versions
     WHERE plan_id = $1
     ORDER BY number DESC
     LIMIT 1
)sql";

constexpr std::string_view kInsertVersion = R"sql(
    INSERT INTO plan_versions (id, plan_id, number, content_hash, created_at)
    VALUES ($1, $2, $3, $4, $5)
)sql";

constexpr std::string_view kInsertPrice = R"sql(
    INSERT INTO prices (id, plan_version_id, currency, interval, interval_count, amount_minor)
    VALUES ($1, $2, $3, $4, $5, $6)
)sql";

constexpr std::string_view kInsertAllowance = R"sql(
    INSERT INTO allowances (plan_version_id, meter_key, reset, included, overage,
                            overage_unit_price, overage_cap)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
)sql";

constexpr std::string_view kDropRoutes = R"sql(
    DELETE FROM route_costs
)sql";

constexpr std::string_view kInsertRoute = R"sql(
    INSERT INTO route_costs (position, method, pattern, meter_key, units, on_failure)
    VALUES ($1, $2, $3, $4, $5, $6)
)sql";

void insert_version(sql::Transaction& tx, const FilePlan& plan, const PlanVersionId& version,
                    Instant now, IdSource& ids) {
    for (const FilePrice& price : plan.prices)
        tx.run(kInsertPrice,
               {ids.make<PriceId>(now), version, to_text(price.amount.currency()),
                to_text(price.recurrence.interval), price.recurrence.count, price.amount.minor()});
    for (const Allowance& allowance : plan.allowances)
        tx.run(kInsertAllowance,
               {version, allowance.meter_key, to_text(allowance.reset), allowance.included,
                to_text(allowance.overage), allowance.overage_unit_price, allowance.overage_cap});
}

void save_plan(sql::Transaction& tx, const FilePlan& plan, Instant now, IdSource& ids) {
    const auto id = tx.one(kSavePlan, {ids.make<PlanId>(now), plan.key, plan.name, plan.rank,
                                       plan.is_default, now})
                        ->id<PlanId>(0);
    const std::string hash = to_hex(sha256(plan_content(plan)));
    const auto newest = tx.one(kNewestOf, {id});
    if (newest && newest->text(1) == hash) return;

    const auto version = ids.make<PlanVersionId>(now);
    const std::int64_t number = newest ? newest->integer(0) + 1 : 1;
    tx.run(kInsertVersion, {version, id, number, hash, now});
    insert_version(tx, plan, version, now, ids);
}

/// What was counted in one way cannot go on in another, also under a meter that is archived.
Result<std::monostate> keep_aggregations(sql::Transaction& tx, const CatalogFile& file) {
    for (const auto& row : tx.all(kAggregations)) {
        const auto meter = std::ranges::find(file.meters, row.text(0), &Meter::key);
        if (meter == file.meters.end() || row.text(1) == to_text(meter->aggregation)) continue;
        return conflict("catalog.aggregation_changed",
                        "meter '" + meter->key + "' counts by " + row.text(1) + ", not by " +
                            std::string(to_text(meter->aggregation)) +
                            "; give another way of counting a key of its own");
    }
    return std::monostate{};
}

void save_meters(sql::Transaction& tx, const std::vector<Meter>& meters, Instant now) {
    for (const Meter& meter : meters)
        tx.run(kSaveMeter,
               {meter.key, meter.name, meter.unit, meter.event_type, to_text(meter.aggregation),
                meter.property, to_text(write_filter(meter.filter)), to_text(Json(meter.group_by)),
                now});
}

}  // namespace

Result<std::vector<CatalogDifference>> apply_catalog(sql::Transaction& tx, const CatalogFile& file,
                                                     Instant now, IdSource& ids) {
    auto differences = plan_diff(load_catalog(tx), file);
    if (differences.empty()) return differences;
    if (const auto kept = keep_aggregations(tx, file); !kept) return failure(kept);

    // Everything is archived first, so that two plans may trade their default; what the file names
    // comes back at once.
    tx.run(kArchiveMeters, {now});
    save_meters(tx, file.meters, now);
    tx.run(kArchivePlans, {now});
    for (const FilePlan& plan : file.plans) save_plan(tx, plan, now, ids);
    tx.run(kDropRoutes);
    for (std::size_t i = 0; i < file.route_costs.size(); ++i) {
        const RouteCost& route = file.route_costs[i];
        std::optional<std::string_view> on_failure;
        if (route.on_failure) on_failure = to_text(*route.on_failure);
        tx.run(kInsertRoute, {static_cast<std::int64_t>(i), route.method, route.pattern,
                              route.meter_key, route.units, on_failure});
    }
    return differences;
}

}  // namespace turnpike
