#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "billing/plans/stored_plan_migration.h"
#include "billing/provider/contexts.h"
#include "catalog/service.h"

/// Bringing those who have subscribed to a plan to another version, on purpose: a change of a plan
/// touches nobody by itself (catalog/plan_service.h).
namespace turnpike {

struct MigrationRequest {
    std::string plan;                           ///< whose subscribers: a qualified name or an id
    std::optional<std::string> to_plan{};       ///< absent: the plan itself
    std::optional<PlanVersionId> to_version{};  ///< absent: that plan's newest
    MigrationTiming timing = MigrationTiming::AtPeriodEnd;
    MigrationFilter filter{};
};

/// What was asked, as the ledger knows it.
struct MigrationTerms {
    PlanVersion source;  ///< the plan's newest
    PlanVersion target;
    MigrationTiming timing = MigrationTiming::AtPeriodEnd;
    MigrationFilter filter;

    [[nodiscard]] MigrationScope scope() const { return {source.plan, target.id, filter}; }
};
/// Errors: NotFound "catalog.no_such_plan", "catalog.no_such_plan_version"; InvalidArgument
///         "plan_migration.wrong_target": of another catalog, of a plan that is another one's, or
///         the default plan; Conflict "catalog.plan_archived" for another plan, and
///         "billing.talk_to_sales".
Result<MigrationTerms> migration_terms(sql::Transaction& tx, const MigrationRequest& request);

/// What would become of one subscription now.
struct PreviewedStep {
    MigrationStep step;
    Subscription subscription;
    PriceInPlan from;
    std::optional<PriceInPlan> to{};
    Instant takes_effect_at;
    bool is_so_already = false;
    std::optional<Error> refusal{};
};
/// The steps of a page and what would become of each. Nothing is written, and no provider asked.
Result<std::vector<PreviewedStep>> preview_migration(sql::Transaction& tx, BillingContexts& billing,
                                                     const MigrationTerms& terms,
                                                     const std::string& after, int limit);

/// Writes the migration down, with the first page of the subscriptions that it is about; the worker
/// does the rest, the other pages before anything else, and goes on after a crash. Each
/// subscription is changed by its own command, as a change that somebody asks for is, or not at
/// all. Errors: Conflict "plan_migration.running" with the detail migration.
Result<PlanMigration> begin_migration(sql::Transaction& tx, BillingContexts& billing,
                                      const MigrationTerms& terms, const Authority& authority);

/// What a provider bills that is not configured any more is refused.
asio::awaitable<std::int64_t> refuse_unbilled(BillingContexts& billing);

/// One pass over what is to be migrated at one provider. While several of its commands wait for
/// the provider's answer, no other is begun.
/// \return how many subscriptions had their turn
asio::awaitable<std::int64_t> go_on_with_migrations(BillingContext& billing);

}  // namespace turnpike
