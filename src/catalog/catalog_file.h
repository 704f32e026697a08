#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "catalog/guards.h"

namespace turnpike {

/// A price as a catalog file states it; it gets an id when it is applied.
struct FilePrice {
    Recurrence recurrence;
    Money amount{0, Currency::Usd};
    friend bool operator==(const FilePrice&, const FilePrice&) = default;
};

/// A plan as a catalog file states it.
struct FilePlan {
    std::string key;
    std::string name;
    int rank = 0;
    bool is_default = false;
    std::vector<FilePrice> prices;  ///< none exactly where the price is custom
    std::vector<Allowance> allowances;
    std::vector<PlanFeature> features{};  ///< by their keys
    bool custom_price = false;
    std::string description{};
    std::int64_t trial_days_max = kTrialDaysMaxDefault;  ///< as PlanVersion says
};

/// What a catalog is called whose file does not say, and that is no preset's.
inline constexpr std::string_view kCatalogWithoutName = "main";

/// A whole catalog before it has ids. One that read_catalog_file() returned is consistent: keys are
/// unique, exactly one plan is the default, every meter and feature that is named exists, a price
/// stands exactly where it is not custom, and an overage price exactly where overage is billed.
struct CatalogFile {
    std::vector<FilePlan> plans;
    std::vector<Meter> meters;
    std::vector<RouteCost> route_costs;
    std::vector<Feature> features{};  ///< without the meters
    std::string catalog{kCatalogWithoutName};
    Guards guards{};
};

/// Reads TOML strictly; see presets/api-metering.toml for the form. A table or key that nobody
/// knows is a complaint, and every complaint names its line.
///
/// \param name     how messages call the file
/// \param catalog  what the catalog is called where the file does not say so itself
/// Errors: InvalidArgument "catalog.bad_file" with every complaint in `fields` ("line 12" as the
/// pointer) and the first ten in the message ("presets/x.toml:12: ..."). A syntax error is the only
/// complaint of its file.
Result<CatalogFile> read_catalog_file(std::string_view toml, std::string_view name = "catalog",
                                      std::string_view catalog = kCatalogWithoutName);

}  // namespace turnpike
