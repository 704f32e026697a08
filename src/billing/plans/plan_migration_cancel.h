#pragma once

#include <optional>

#include "audit/audit.h"
#include "base/error.h"
#include "billing/life/carry_out.h"
#include "billing/plans/stored_plan_migration.h"
#include "billing/provider/contexts.h"
#include "sql/sql.h"

namespace turnpike {

/// Nothing more of the migration is listed or begun. What is changed stays changed; what is only
/// planned for the end of a period is taken back, subscription by subscription, by the worker. The
/// same again is answered as before.
///
/// Errors: NotFound "plan_migration.not_found"; Conflict "plan_migration.done" where nothing of it
/// is still to come, and "plan_migration.running" while a later one of the plan goes on.
Result<PlanMigration> cancel_migration(sql::Transaction& tx, BillingContexts& billing,
                                       const PlanMigrationId& id, const Authority& authority);

/// The first run of taking one planned change back, in the transaction that writes its command
/// down; nullopt where there is nothing to do. A change that is another one by now stays, and its
/// item says why.
std::optional<Requested> begin_taking_back(sql::Transaction& tx, BillingContext& billing,
                                           MigrationItem item);

}  // namespace turnpike
