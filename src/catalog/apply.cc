#include <algorithm>
#include <string>
#include <variant>

#include "catalog/plan_store.h"
#include "catalog/service.h"
#include "catalog/stored_guards.h"
#include "catalog/wire.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kCatalogs = R"sql(
    SELECT key FROM catalogs
)sql";

constexpr std::string_view kInsertCatalog = R"sql(
    INSERT INTO catalogs (key, position) VALUES ($1, $2)
)sql";

constexpr std::string_view kArchiveMeters = R"sql(
    UPDATE meters SET archived_at = $2 WHERE archived_at IS NULL AND catalog = $1
)sql";

constexpr std::string_view kSaveMeter = R"sql(
    INSERT INTO meters (key, catalog, name, unit, event_type, aggregation, property, filter,
                        group_by, archived_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10)
    ON CONFLICT (key) DO UPDATE
       SET name = excluded.name, unit = excluded.unit, event_type = excluded.event_type,
           property = excluded.property, filter = excluded.filter, group_by = excluded.group_by,
           archived_at = NULL
)sql";

constexpr std::string_view kMetersEver = R"sql(
    SELECT key, aggregation, catalog, event_type, archived_at FROM meters
)sql";

constexpr std::string_view kFeaturesEver = R"sql(
    SELECT key, kind, origin, archived_at FROM features WHERE catalog = $1
)sql";

constexpr std::string_view kArchiveFeatures = R"sql(
    UPDATE features SET archived_at = $2
     WHERE archived_at IS NULL AND catalog = $1 AND origin = 'file'
)sql";

constexpr std::string_view kPlansOfApi = R"sql(
    SELECT key, rank FROM plans WHERE catalog = $1 AND origin = 'api'
)sql";

constexpr std::string_view kArchivePlans = R"sql(
    UPDATE plans SET archived_at = $2, is_default = 0
     WHERE archived_at IS NULL AND catalog = $1 AND origin = 'file'
)sql";

constexpr std::string_view kRoutesElsewhere = R"sql(
    SELECT method, pattern, catalog FROM route_costs WHERE catalog <> $1
)sql";

constexpr std::string_view kDropRoutes = R"sql(
    DELETE FROM route_costs WHERE catalog = $1
)sql";

constexpr std::string_view kInsertRoute = R"sql(
    INSERT INTO route_costs (catalog, position, method, pattern, meter_key, units, on_failure)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
)sql";

/// What was counted in one way cannot go on in another, also under a meter that is archived; and
/// events name neither catalogs nor meters, so that both belong to one catalog only.
Result<std::monostate> check_meters(sql::Transaction& tx, const CatalogFile& file) {
    for (const auto& row : tx.all(kMetersEver)) {
        const bool is_elsewhere = row.text(2) != file.catalog;
        const auto meter = std::ranges::find(file.meters, row.text(0), &Meter::key);
        const auto same_type = std::ranges::find(file.meters, row.text(3), &Meter::event_type);
        if (is_elsewhere && meter != file.meters.end())
            return conflict("catalog.meter_taken", "meter '" + meter->key +
                                                       "' belongs to catalog '" + row.text(2) +
                                                       "'; give it another key");
        if (is_elsewhere && row.is_null(4) && same_type != file.meters.end())
            return conflict("catalog.event_type_taken",
                            "events of type '" + row.text(3) + "' are counted by meter '" +
                                row.text(0) + "' of catalog '" + row.text(2) + "'; let meter '" +
                                same_type->key + "' count another type");
        if (is_elsewhere || meter == file.meters.end() ||
            row.text(1) == to_text(meter->aggregation))
            continue;
        return conflict("catalog.aggregation_changed",
                        "meter '" + meter->key + "' counts by " + row.text(1) + ", not by " +
                            std::string(to_text(meter->aggregation)) +
                            "; give another way of counting a key of its own");
    }
    return std::monostate{};
}

Result<std::monostate> check_features(sql::Transaction& tx, const CatalogFile& file) {
    for (const auto& row : tx.all(kFeaturesEver, {file.catalog})) {
        const auto feature = std::ranges::find(file.features, row.text(0), &Feature::key);
        const bool is_meter_now =
            row.is_null(3) && row.text(2) == to_text(Origin::Api) &&
            std::ranges::find(file.meters, row.text(0), &Meter::key) != file.meters.end();
        if (is_meter_now ||
            (feature != file.features.end() && row.text(1) != to_text(feature->kind)))
            return conflict("catalog.feature_kind_changed",
                            "feature '" + row.text(0) + "' is " + row.text(1) +
                                "; give another kind a key of its own");
    }
    return std::monostate{};
}

/// Plans that were made over the API keep their keys and ranks.
Result<std::monostate> check_plans_of_api(sql::Transaction& tx, const CatalogFile& file) {
    for (const auto& row : tx.all(kPlansOfApi, {file.catalog})) {
        if (std::ranges::find(file.plans, row.text(0), &FilePlan::key) != file.plans.end())
            return conflict("catalog.plan_key_taken", "plan '" + row.text(0) +
                                                          "' was made over the API; give the "
                                                          "file's plan another key");
    }
    return std::monostate{};
}

Result<std::monostate> check_routes(sql::Transaction& tx, const CatalogFile& file) {
    for (const auto& row : tx.all(kRoutesElsewhere, {file.catalog}))
        for (const RouteCost& route : file.route_costs)
            if (route.method == row.text(0) && route.pattern == row.text(1))
                return conflict("catalog.route_taken", "route " + route_name(route) +
                                                           " costs what catalog '" + row.text(2) +
                                                           "' says");
    return std::monostate{};
}

Result<std::monostate> check_guards(sql::Transaction& tx, const CatalogFile& file) {
    for (const RouteGuard& stored : load_guards(tx).routes)
        for (const RouteGuard& guard : file.guards.routes)
            if (stored.catalog != file.catalog && guard_name(stored) == guard_name(guard))
                return conflict("catalog.route_taken", "route " + guard_name(guard) +
                                                           " is guarded by catalog '" +
                                                           stored.catalog + "'");
    return std::monostate{};
}

void ensure_catalog(sql::Transaction& tx, const std::string& key) {
    const auto known = tx.all(kCatalogs);
    const auto is_it = [&](const sql::Row& row) { return row.text(0) == key; };
    if (std::ranges::none_of(known, is_it))
        tx.run(kInsertCatalog, {key, static_cast<std::int64_t>(known.size())});
}

void save_meters(sql::Transaction& tx, const CatalogFile& file, Instant now) {
    for (const Meter& meter : file.meters)
        tx.run(kSaveMeter,
               {meter.key, file.catalog, meter.name, meter.unit, meter.event_type,
                to_text(meter.aggregation), meter.property, to_text(write_filter(meter.filter)),
                to_text(Json(meter.group_by)), now});
}

void save_routes(sql::Transaction& tx, const CatalogFile& file) {
    tx.run(kDropRoutes, {file.catalog});
    for (std::size_t i = 0; i < file.route_costs.size(); ++i) {
        const RouteCost& route = file.route_costs[i];
        std::optional<std::string_view> on_failure;
        if (route.on_failure) on_failure = to_text(*route.on_failure);
        tx.run(kInsertRoute, {file.catalog, static_cast<std::int64_t>(i), route.method,
                              route.pattern, route.meter_key, route.units, on_failure});
    }
}

}  // namespace

std::vector<CatalogDifference> differences_from(sql::Transaction& tx, const CatalogFile& file) {
    auto differences = plan_diff(load_catalog(tx), file);
    for (auto& one : guard_diff(load_guards(tx), file)) differences.push_back(std::move(one));
    return differences;
}

Result<std::vector<CatalogDifference>> apply_catalog(sql::Transaction& tx, const CatalogFile& file,
                                                     Instant now, IdSource& ids) {
    auto differences = differences_from(tx, file);
    if (differences.empty()) return differences;
    for (const auto rule :
         {check_meters, check_features, check_plans_of_api, check_routes, check_guards})
        if (const auto kept = rule(tx, file); !kept) return failure(kept);

    ensure_catalog(tx, file.catalog);
    // Everything is archived first, so that two plans may trade their default; what the file names
    // comes back at once.
    tx.run(kArchiveFeatures, {file.catalog, now});
    for (Feature feature : file.features) {
        feature.catalog = file.catalog;
        save_feature(tx, feature, now);
    }
    tx.run(kArchiveMeters, {file.catalog, now});
    save_meters(tx, file, now);
    tx.run(kArchivePlans, {file.catalog, now});
    const PlanHome home{file.catalog, Origin::File};
    for (const FilePlan& plan : file.plans) save_plan(tx, home, plan, now, ids);
    save_routes(tx, file);
    save_guards(tx, file);
    return differences;
}

}  // namespace turnpike
