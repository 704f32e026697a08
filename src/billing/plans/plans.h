#pragma once

#include <string>

#include "audit/audit.h"
#include "base/error.h"
#include "billing/provider/context.h"
#include "catalog/plan_service.h"

namespace turnpike {

// Plans over the API, as every interface makes them: the ledger's change (catalog/plan_service.h),
// then the catalog's and the standings' caches are told, then the provider. The plan is there once
// the ledger has it: a product or price that the provider cannot make now is made when it is first
// needed, and one that it refuses (an amount below its minimum) is refused again to whoever buys.

/// Errors: those of create_plan(), change_plan() and archive_plan().
asio::awaitable<Result<PlanVersion>> sell_plan(BillingContext& billing, NewPlan plan,
                                               Authority authority);
asio::awaitable<Result<PlanVersion>> sell_changed_plan(BillingContext& billing, PlanChange change);
asio::awaitable<Result<PlanVersion>> stop_selling_plan(BillingContext& billing, std::string ref,
                                                       Authority authority);
/// Errors: those of create_feature().
asio::awaitable<Result<Feature>> add_feature(BillingContext& billing, Feature feature,
                                             Authority authority);

}  // namespace turnpike
