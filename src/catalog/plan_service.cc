#include "catalog/plan_service.h"

#include <algorithm>
#include <utility>

#include "catalog/feature_list.h"
#include "catalog/plan_store.h"
#include "catalog/qualified_name.h"
#include "catalog/service.h"

namespace turnpike {
namespace {

constexpr std::string_view kPlanByName = R"sql(
    SELECT p.id FROM plans p JOIN catalogs c ON c.key = p.catalog
     WHERE p.key = $2 AND ((c.key = $1 AND c.position > 0) OR ($1 = '' AND c.position = 0))
)sql";

constexpr std::string_view kVersionsOf = R"sql(
    SELECT id FROM plan_versions WHERE plan_id = $1 ORDER BY number DESC
)sql";

constexpr std::string_view kArchived = R"sql(
    SELECT v.id
      FROM plans p
      JOIN plan_versions v ON v.plan_id = p.id
      JOIN catalogs c ON c.key = p.catalog
     WHERE p.archived_at IS NOT NULL
       AND v.number = (SELECT MAX(w.number) FROM plan_versions w WHERE w.plan_id = p.id)
     ORDER BY c.position, p.rank, p.key
)sql";

constexpr std::string_view kKeysOf = R"sql(
    SELECT key FROM plans WHERE catalog = $1
)sql";

constexpr std::string_view kArchive = R"sql(
    UPDATE plans SET archived_at = $2 WHERE id = $1 AND archived_at IS NULL
)sql";

constexpr std::string_view kFeatureEver = R"sql(
    SELECT 1 FROM features WHERE catalog = $1 AND key = $2
    UNION ALL
    SELECT 1 FROM meters WHERE catalog = $1 AND key = $2
)sql";

std::unexpected<Error> no_such_plan(std::string_view ref) {
    return not_found("catalog.no_such_plan", "there is no plan '" + std::string(ref) + "'");
}

Result<std::string> known_catalog(const Catalog& catalog, const std::string& key) {
    if (catalog.has(key)) return key.empty() ? std::string(catalog.primary()) : key;
    return invalid_argument("catalog.no_such_catalog", "there is no catalog '" + key + "'");
}

/// Two keys that people take for one.
std::string folded(std::string key) {
    std::ranges::replace(key, '-', '_');
    return key;
}

Result<void> check_key(sql::Transaction& tx, const std::string& catalog, const std::string& key) {
    for (const auto& row : tx.all(kKeysOf, {catalog}))
        if (folded(row.text(0)) == folded(key))
            return conflict("catalog.plan_key_taken",
                            "there is a plan '" + row.text(0) + "' in this catalog already");
    return {};
}

/// Of two transactions that change plans of one catalog, the second sees what the first has
/// written: plans made at once would get one rank.
constexpr std::string_view kLockCatalog = R"sql(
    UPDATE catalogs SET position = position WHERE key = $1
)sql";

Result<void> check_rank(const Catalog& catalog, const std::string& catalog_key,
                        const FilePlan& plan) {
    for (const PlanVersion& other : catalog.plans)
        if (other.catalog == catalog_key && other.rank == plan.rank && other.key != plan.key)
            return conflict("catalog.rank_taken", "rank " + std::to_string(plan.rank) +
                                                      " belongs to plan '" + other.key + "'");
    return {};
}

int rank_above_all(const Catalog& catalog, const std::string& catalog_key) {
    int highest = -1;
    for (const PlanVersion& plan : catalog.plans)
        if (plan.catalog == catalog_key) highest = std::max(highest, plan.rank);
    return highest + 1;
}

AuditEntry entry_of(const PlanVersion& plan, std::string action, const Authority& authority,
                    Instant now) {
    Json detail;
    detail["catalog"] = plan.catalog;
    detail["key"] = plan.key;
    detail["version"] = plan.number;
    return {.at = now,
            .actor = authority.actor,
            .action = std::move(action),
            .object_id = plan.plan.text(),
            .customer = "",
            .request_id = authority.request_id,
            .detail = std::move(detail)};
}

FilePlan as_stated(const PlanVersion& plan) {
    FilePlan stated{.key = plan.key,
                    .name = plan.name,
                    .rank = plan.rank,
                    .is_default = plan.is_default,
                    .prices = {},
                    .allowances = plan.allowances,
                    .features = plan.features,
                    .custom_price = plan.custom_price,
                    .description = plan.description,
                    .trial_days_max = plan.trial_days_max};
    for (const Price& price : plan.prices)
        stated.prices.push_back({price.recurrence, price.amount});
    return stated;
}

void drop_feature(FilePlan& plan, const std::string& key) {
    std::erase_if(plan.features, [&](const PlanFeature& one) { return one.key == key; });
}

void set_feature(FilePlan& plan, const PlanFeature& feature) {
    drop_feature(plan, feature.key);
    plan.features.push_back(feature);
    std::ranges::sort(plan.features, {}, &PlanFeature::key);
}

/// A plan without a price gets one.
void patch_first_price(FilePlan& plan, const PricePatch& patch) {
    if (!patch.amount && !patch.currency && !patch.interval) return;
    if (plan.prices.empty()) plan.prices.emplace_back();
    FilePrice& price = plan.prices.front();
    if (patch.interval) price.recurrence = {*patch.interval, 1};
    price.amount = Money(patch.amount.value_or(price.amount.minor()),
                         patch.currency.value_or(price.amount.currency()));
}

/// These boolean features, and no others.
void set_listed(const Catalog& catalog, FilePlan& plan, const std::string& catalog_key,
                const std::vector<std::string>& keys) {
    std::erase_if(plan.features, [&](const PlanFeature& one) {
        const Feature* feature = catalog.feature(catalog_key, one.key);
        return feature != nullptr && feature->kind == FeatureKind::Boolean;
    });
    for (const std::string& key : keys) set_feature(plan, {key, true});
}

FilePlan patched(FilePlan plan, const PlanPatch& patch) {
    if (patch.name) plan.name = *patch.name;
    if (patch.description) plan.description = *patch.description;
    if (patch.rank) plan.rank = *patch.rank;
    if (patch.trial_days_max) plan.trial_days_max = *patch.trial_days_max;
    if (patch.prices) plan.prices = *patch.prices;
    if (patch.allowances) plan.allowances = *patch.allowances;
    if (patch.custom_price) plan.custom_price = *patch.custom_price;
    patch_first_price(plan, patch.first_price);
    for (const std::string& key : patch.removed_features) drop_feature(plan, key);
    for (const PlanFeature& feature : patch.features) set_feature(plan, feature);
    return plan;
}

/// The value as the feature's kind takes it: of a capacity, "unlimited" and "10" are numbers.
FeatureValue fitted(FeatureKind kind, FeatureValue value) {
    const auto* text = std::get_if<std::string>(&value);
    if (kind != FeatureKind::Capacity || text == nullptr) return value;
    return parse_feature_value(kind, *text).value_or(value);
}

/// Values as their features' kinds take them.
void fit_features(const Catalog& catalog, const std::string& catalog_key, FilePlan& plan) {
    for (PlanFeature& one : plan.features)
        if (const Feature* feature = catalog.feature(catalog_key, one.key))
            one.value = fitted(feature->kind, one.value);
}

Result<PlanId> find_plan_id(sql::Transaction& tx, std::string_view ref) {
    if (const auto id = PlanId::parse(ref)) return *id;
    const auto name = QualifiedName::parse(ref);
    if (!name) return no_such_plan(ref);
    const auto row = tx.one(kPlanByName, {name->catalog, name->key});
    if (!row) return no_such_plan(ref);
    return row->id<PlanId>(0);
}

}  // namespace

Result<PlanVersion> create_plan(sql::Transaction& tx, const NewPlan& wanted,
                                const Authority& authority, Instant now, IdSource& ids) {
    const auto home = known_catalog(load_catalog(tx), wanted.catalog);
    if (!home) return failure(home);
    tx.run(kLockCatalog, {*home});
    const auto listed = ensure_features(tx, *home, wanted.listed, {authority, now, ids});
    if (!listed) return failure(listed);
    const Catalog catalog = load_catalog(tx);
    FilePlan plan = wanted.plan;
    for (const std::string& key : *listed) set_feature(plan, {key, true});
    plan.rank = wanted.rank.value_or(rank_above_all(catalog, *home));
    fit_features(catalog, *home, plan);
    if (const auto good = check_plan(catalog, *home, plan); !good) return failure(good);
    if (const auto free = check_key(tx, *home, plan.key); !free) return failure(free);
    if (const auto free = check_rank(catalog, *home, plan); !free) return failure(free);
    const auto sold =
        std::ranges::count(catalog.plans, std::string_view(*home), &PlanVersion::catalog);
    if (static_cast<std::size_t>(sold) >= kSoldPlansMax)
        return conflict("catalog.too_many_plans", "a catalog sells at most 1000 plans at a time");
    const PlanId id = save_plan(tx, {*home, Origin::Api}, plan, now, ids);
    auto made = find_plan(tx, id.text());
    if (made) order_features(tx, made->id, *listed);
    if (made) record(tx, entry_of(*made, "plan.created", authority, now), ids);
    return made;
}

Result<PlanVersion> change_plan(sql::Transaction& tx, const PlanChange& change, Instant now,
                                IdSource& ids) {
    const auto named = find_plan(tx, change.ref);
    if (!named) return failure(named);
    tx.run(kLockCatalog, {named->catalog});
    auto before = find_plan(tx, change.ref);
    if (!before) return before;
    if (before->is_archived)
        return conflict("catalog.plan_archived", "the plan is archived, and is not changed");
    const auto& patch = change.patch;
    const auto listed =
        ensure_features(tx, before->catalog, patch.listed.value_or(std::vector<std::string>()),
                        {change.authority, now, ids});
    if (!listed) return failure(listed);
    const Catalog catalog = load_catalog(tx);
    FilePlan plan = patched(as_stated(*before), patch);
    if (patch.listed) set_listed(catalog, plan, before->catalog, *listed);
    fit_features(catalog, before->catalog, plan);
    if (const auto good = check_plan(catalog, before->catalog, plan); !good) return failure(good);
    if (const auto free = check_rank(catalog, before->catalog, plan); !free) return failure(free);
    save_plan(tx, {before->catalog, before->origin}, plan, now, ids);
    auto after = find_plan(tx, before->plan.text());
    if (after && patch.listed) order_features(tx, after->id, *listed);
    if (after && *after != *before)
        record(tx, entry_of(*after, "plan.updated", change.authority, now), ids);
    return after;
}

Result<PlanVersion> archive_plan(sql::Transaction& tx, std::string_view ref,
                                 const Authority& authority, Instant now, IdSource& ids) {
    const auto plan = find_plan(tx, ref);
    if (!plan) return failure(plan);
    if (plan->is_default)
        return conflict("catalog.default_plan",
                        "the default plan is what everybody has without a subscription; it is not "
                        "archived");
    if (tx.run(kArchive, {plan->plan, now}) == 1)
        record(tx, entry_of(*plan, "plan.archived", authority, now), ids);
    return find_plan(tx, plan->plan.text());
}

Result<PlanVersion> find_plan(sql::Transaction& tx, std::string_view ref) {
    auto versions = load_plan_versions(tx, ref);
    if (!versions) return failure(versions);
    return std::move(versions->front());
}

Result<std::vector<PlanVersion>> load_plan_versions(sql::Transaction& tx, std::string_view ref) {
    const auto id = find_plan_id(tx, ref);
    if (!id) return failure(id);
    std::vector<PlanVersion> versions;
    for (const auto& row : tx.all(kVersionsOf, {*id})) {
        auto version = load_plan_version(tx, row.id<PlanVersionId>(0));
        if (!version) return failure(version);
        versions.push_back(*std::move(version));
    }
    if (versions.empty()) return no_such_plan(ref);
    return versions;
}

std::vector<PlanVersion> load_archived_plans(sql::Transaction& tx) {
    std::vector<PlanVersion> plans;
    for (const auto& row : tx.all(kArchived))
        plans.push_back(load_plan_version(tx, row.id<PlanVersionId>(0)).value());
    return plans;
}

Result<Feature> create_feature(sql::Transaction& tx, Feature feature, const Authority& authority,
                               Instant now, IdSource& ids) {
    auto home = known_catalog(load_catalog(tx), feature.catalog);
    if (!home) return failure(home);
    feature.catalog = *std::move(home);
    feature.origin = Origin::Api;
    if (!tx.all(kFeatureEver, {feature.catalog, feature.key}).empty())
        return conflict("catalog.feature_key_taken", "there is a feature or meter '" + feature.key +
                                                         "' in this catalog already");
    save_feature(tx, feature, now);
    Json detail;
    detail["catalog"] = feature.catalog;
    detail["kind"] = to_text(feature.kind);
    record(tx,
           {.at = now,
            .actor = authority.actor,
            .action = "feature.created",
            .object_id = feature.key,
            .customer = "",
            .request_id = authority.request_id,
            .detail = std::move(detail)},
           ids);
    return feature;
}

}  // namespace turnpike
