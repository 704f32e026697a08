#include "catalog/plan_store.h"

#include "base/encoding.h"
#include "catalog/plan_diff.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::string_view kSavePlan = R"sql(
    INSERT INTO plans (id, catalog, key, name, description, rank, is_default, origin,
                       trial_days_max, archived_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $10, NULL, $9)
    ON CONFLICT (catalog, key) DO UPDATE
       SET name = excluded.name, description = excluded.description, rank = excluded.rank,
           is_default = excluded.is_default, trial_days_max = excluded.trial_days_max,
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
    INSERT INTO plan_versions (id, plan_id, number, content_hash, custom_price, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
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

constexpr std::string_view kInsertFeature = R"sql(
    INSERT INTO plan_features (plan_version_id, feature_key, value, position)
    VALUES ($1, $2, $3,
            COALESCE((SELECT f.position
                        FROM plan_features f JOIN plan_versions v ON v.id = f.plan_version_id
                       WHERE v.plan_id = $4 AND f.feature_key = $2
                       ORDER BY v.number DESC
                       LIMIT 1), 0))
)sql";

constexpr std::string_view kSaveFeature = R"sql(
    INSERT INTO features (catalog, key, name, kind, origin, archived_at, created_at)
    VALUES ($1, $2, $3, $4, $5, NULL, $6)
    ON CONFLICT (catalog, key) DO UPDATE SET name = excluded.name, archived_at = NULL
)sql";

/// A version and the plan that it is of.
struct NewVersion {
    PlanVersionId id;
    PlanId plan;
};

void insert_content(sql::Transaction& tx, const FilePlan& plan, const NewVersion& made, Instant now,
                    IdSource& ids) {
    const PlanVersionId& version = made.id;
    for (const FilePrice& price : plan.prices)
        tx.run(kInsertPrice,
               {ids.make<PriceId>(now), version, to_text(price.amount.currency()),
                to_text(price.recurrence.interval), price.recurrence.count, price.amount.minor()});
    for (const Allowance& allowance : plan.allowances)
        tx.run(kInsertAllowance,
               {version, allowance.meter_key, to_text(allowance.reset), allowance.included,
                to_text(allowance.overage), allowance.overage_unit_price, allowance.overage_cap});
    for (const PlanFeature& feature : plan.features)
        tx.run(kInsertFeature, {version, feature.key, to_text(feature.value), made.plan});
}

}  // namespace

PlanId save_plan(sql::Transaction& tx, const PlanHome& home, const FilePlan& plan, Instant now,
                 IdSource& ids) {
    const auto id = tx.one(kSavePlan, {ids.make<PlanId>(now), home.catalog, plan.key, plan.name,
                                       plan.description, plan.rank, plan.is_default,
                                       to_text(home.origin), now, plan.trial_days_max})
                        ->id<PlanId>(0);
    const std::string hash = to_hex(sha256(plan_content(plan)));
    const auto newest = tx.one(kNewestOf, {id});
    if (newest && newest->text(1) == hash) return id;

    const auto version = ids.make<PlanVersionId>(now);
    const std::int64_t number = newest ? newest->integer(0) + 1 : 1;
    tx.run(kInsertVersion, {version, id, number, hash, plan.custom_price, now});
    insert_content(tx, plan, {version, id}, now, ids);
    return id;
}

void save_feature(sql::Transaction& tx, const Feature& feature, Instant now) {
    tx.run(kSaveFeature, {feature.catalog, feature.key, feature.name, to_text(feature.kind),
                          to_text(feature.origin), now});
}

}  // namespace turnpike
