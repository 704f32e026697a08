#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "billing/plans/plan_migration.h"
#include "http/message.h"
#include "json/json.h"

namespace turnpike {

/// What a page of a preview goes on from.
struct PreviewPage {
    int limit = 0;
    std::optional<std::string> cursor;
};
struct MigrationBody {
    MigrationRequest request;
    std::vector<std::string> customers;  ///< of the filter, as find_customer() takes them
    PreviewPage page;                    ///< of a preview
};
/// {"target_plan", "target_version", "when", "filter": {"version", "currency", "interval",
/// "interval_count", "provider", "customers"}}; a preview also takes "limit" and "cursor".
Result<MigrationBody> read_migration(const http::Request& request, bool is_preview);

Json write_migration(const PlanMigration& migration, const PlanVersion& target,
                     const MigrationProgress& progress);
/// One row of the results: what it cost before, and since.
struct ShownItem {
    MigrationItem item;
    Subscription subscription;
    PriceInPlan from;
    std::optional<PriceInPlan> to;
};
Json write_migration_item(const ShownItem& shown);
Json write_previewed_step(const PreviewedStep& shown);
/// Those who pay the same now.
struct ShownGroup {
    MigrationGroup group;
    PriceInPlan from;
    std::optional<PriceInPlan> to;
};
Json write_migration_group(const ShownGroup& shown);

}  // namespace turnpike
