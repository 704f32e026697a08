#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "catalog/catalog_file.h"
#include "catalog/plan_diff.h"
#include "sql/sql.h"

namespace turnpike {

/// What is sold now: plans of every catalog that are not archived, each in its newest version.
Catalog load_catalog(sql::Transaction& tx);

/// Any version of any plan, archived or not.
/// Errors: NotFound "catalog.no_such_plan_version".
Result<PlanVersion> load_plan_version(sql::Transaction& tx, const PlanVersionId& id);

/// A price and the version that it belongs to.
struct PriceInPlan {
    PriceId price;
    PlanVersionId plan_version;
    Recurrence recurrence;
    Money amount{0, Currency::Usd};
};
/// Errors: NotFound "catalog.no_such_price".
Result<PriceInPlan> load_price(sql::Transaction& tx, const PriceId& id);

/// Ranks of the plans behind two prices; to > from is an upgrade.
struct PlanRanks {
    int from = 0;
    int to = 0;
};
/// Errors: as load_price.
Result<PlanRanks> plan_ranks(sql::Transaction& tx, const PriceId& from, const PriceId& to);

/// One price of ours as a provider knows it.
struct PriceInProvider {
    PriceId price;
    std::string_view provider;
    std::string_view provider_price;  ///< provider's id
};

/// The provider's id of a price of ours, once the price exists there.
std::optional<std::string> find_provider_price(sql::Transaction& tx, const PriceId& id,
                                               std::string_view provider);
/// The price of ours that a provider knows by this id.
std::optional<PriceInPlan> find_price_of_provider(sql::Transaction& tx, std::string_view provider,
                                                  std::string_view provider_price_id);
/// From now on this is what is sold at the provider under our price. What was sold before stays
/// known, because subscribers keep it. False, and no change, when it is another price's already.
bool link_provider_price(sql::Transaction& tx, const PriceInProvider& link, Instant now);

/// What apply_catalog() would change.
std::vector<CatalogDifference> differences_from(sql::Transaction& tx, const CatalogFile& file);

/// Makes the stored catalog of the file's name equal to the file, and says what that changed; the
/// first one ever is the primary one from then on. Other catalogs are not touched, nor is what was
/// made over the API. A plan gets its next version only when its prices, allowances or features
/// differ; versions are never updated. What is missing from the file is archived: it keeps its
/// rows, and subscribers keep their plan.
///
/// Errors: Conflict "catalog.aggregation_changed", "catalog.feature_kind_changed",
/// "catalog.plan_key_taken" (by a plan made over the API), and "catalog.meter_taken",
/// "catalog.event_type_taken" and "catalog.route_taken" (by another catalog); nothing was changed.
Result<std::vector<CatalogDifference>> apply_catalog(sql::Transaction& tx, const CatalogFile& file,
                                                     Instant now, IdSource& ids);

}  // namespace turnpike
