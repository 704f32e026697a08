#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "catalog/catalog_file.h"
#include "sql/sql.h"

namespace turnpike {

// Plans and features that are made while the server runs. Each of these is one transaction, with
// its audit record; what it changes, nobody who has already subscribed is touched by: a change of
// content is the plan's next version, and subscriptions point at versions. Whoever commits one
// tells the catalog's cache.

/// Plans of one catalog that are sold at the same time.
inline constexpr std::size_t kSoldPlansMax = 1'000;

/// A plan to be. `plan.is_default` stays false: the default is what a catalog begins with.
struct NewPlan {
    std::string catalog;  ///< key; "": the primary one
    FilePlan plan;
    std::optional<int> rank;  ///< absent: above all others
    /// Boolean features that it has besides, by their names (feature_list.h).
    std::vector<std::string> listed{};
};

/// Errors: InvalidArgument "catalog.no_such_catalog"; Conflict "catalog.plan_key_taken" (also by a
/// key that differs in nothing but '-' and '_', and by an archived plan), "catalog.rank_taken",
/// "catalog.too_many_plans"; those of check_plan() and ensure_features().
Result<PlanVersion> create_plan(sql::Transaction& tx, const NewPlan& wanted,
                                const Authority& authority, Instant now, IdSource& ids);

/// Of one price; what is absent stays.
struct PricePatch {
    std::optional<std::int64_t> amount;  ///< minor units
    std::optional<Currency> currency;
    std::optional<Interval> interval;  ///< of one
};

/// What is absent stays. Prices and allowances are replaced as a whole, features one by one.
struct PlanPatch {
    std::optional<std::string> name, description;
    std::optional<int> rank;
    std::optional<std::int64_t> trial_days_max{};
    std::optional<std::vector<FilePrice>> prices;
    std::optional<std::vector<Allowance>> allowances;
    std::vector<PlanFeature> features;          ///< to set
    std::vector<std::string> removed_features;  ///< by key
    std::optional<bool> custom_price;
    PricePatch first_price{};  ///< of the prices as they are then
    /// Its boolean features from now on, by their names (feature_list.h).
    std::optional<std::vector<std::string>> listed{};
};

/// A patch of one plan, and by whom.
struct PlanChange {
    std::string ref;  ///< a qualified name, or "plan_..."
    PlanPatch patch;
    Authority authority;
};
/// A patch that changes nothing leaves version and audit alone.
///
/// Errors: NotFound "catalog.no_such_plan"; Conflict "catalog.plan_archived", "catalog.rank_taken";
/// those of check_plan() and ensure_features().
Result<PlanVersion> change_plan(sql::Transaction& tx, const PlanChange& change, Instant now,
                                IdSource& ids);

/// From now on it is not sold; who has it keeps it. One that is archived already stays as it is.
///
/// Errors: NotFound "catalog.no_such_plan"; Conflict "catalog.default_plan".
Result<PlanVersion> archive_plan(sql::Transaction& tx, std::string_view ref,
                                 const Authority& authority, Instant now, IdSource& ids);

/// The newest version of any plan, archived or not.
/// \param ref  a qualified name, or "plan_..."
/// Errors: NotFound "catalog.no_such_plan".
Result<PlanVersion> find_plan(sql::Transaction& tx, std::string_view ref);
/// All versions of one plan, newest first. Errors: as above.
Result<std::vector<PlanVersion>> load_plan_versions(sql::Transaction& tx, std::string_view ref);
/// The newest version of every plan that is archived, by catalog, rank and key.
std::vector<PlanVersion> load_archived_plans(sql::Transaction& tx);

/// A feature of `feature.catalog`, "" for the primary one; its kind is not Metered.
/// Errors: InvalidArgument "catalog.no_such_catalog"; Conflict "catalog.feature_key_taken".
Result<Feature> create_feature(sql::Transaction& tx, Feature feature, const Authority& authority,
                               Instant now, IdSource& ids);

/// The rules that a plan has to keep beside its catalog, as a file's plans keep them.
///
/// Errors: InvalidArgument "catalog.bad_plan" with every complaint in `fields`.
Result<void> check_plan(const Catalog& catalog, const std::string& catalog_key,
                        const FilePlan& plan);

}  // namespace turnpike
