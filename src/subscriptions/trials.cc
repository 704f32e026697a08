#include "subscriptions/trials.h"

namespace turnpike {
namespace {

constexpr std::string_view kUseTrial = R"sql(
    INSERT INTO trials_used (customer_id, catalog, subscription_id, used_at)
    VALUES ($1, (SELECT p.catalog FROM plan_versions v JOIN plans p ON p.id = v.plan_id
                  WHERE v.id = $2), $3, $4)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kWhoseTrial = R"sql(
    SELECT t.subscription_id
      FROM plan_versions v
      JOIN plans p ON p.id = v.plan_id
      JOIN trials_used t ON t.catalog = p.catalog
     WHERE t.customer_id = $1 AND v.id = $2
)sql";

constexpr std::string_view kGiveBack = R"sql(
    DELETE FROM trials_used WHERE subscription_id = $1
)sql";

}  // namespace

bool use_trial(sql::Transaction& tx, const Subscription& s, Instant now) {
    if (tx.run(kUseTrial, {s.customer, s.plan_version, s.id, now}) == 1) return true;
    return tx.one(kWhoseTrial, {s.customer, s.plan_version})->text(0) == s.id.text();
}

bool has_had_trial(sql::Transaction& tx, const CustomerId& customer, const PlanVersionId& plan) {
    return tx.one(kWhoseTrial, {customer, plan}).has_value();
}

void give_trial_back(sql::Transaction& tx, const SubscriptionId& subscription) {
    tx.run(kGiveBack, {subscription});
}

}  // namespace turnpike
