#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/catalog_file.h"

namespace turnpike {

/// One difference between the stored catalog and a file, as a person reads it.
struct CatalogDifference {
    enum class Kind : std::uint8_t { Added, Removed, Changed } kind = Kind::Changed;
    std::string what;  ///< "plan pro: price usd every month"
    std::string from;  ///< empty when added
    std::string to;    ///< empty when removed
    friend bool operator==(const CatalogDifference&, const CatalogDifference&) = default;
};

/// "~ plan pro: price usd every month: 99.00 USD -> 109.00 USD"
std::string to_text(const CatalogDifference& difference);

/// What applying `file` would change in its catalog, in the order features, meters, plans, routes.
/// Empty when nothing.
std::vector<CatalogDifference> plan_diff(const Catalog& everything, const CatalogFile& file);
/// The same of what guards.
std::vector<CatalogDifference> guard_diff(const Guards& everything, const CatalogFile& file);

/// The text of what makes a plan version: prices, allowances and features in a fixed order. Two
/// versions with the same text are the same one, whatever the plan is called.
std::string plan_content(const FilePlan& plan);

}  // namespace turnpike
