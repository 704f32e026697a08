#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"

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
    std::vector<FilePrice> prices;
    std::vector<Allowance> allowances;
};

/// A whole catalog before it has ids. One that read_catalog_file() returned is consistent: keys are
/// unique, exactly one plan is the default, every meter that is named exists, and an overage price
/// stands exactly where overage is billed.
struct CatalogFile {
    std::vector<FilePlan> plans;
    std::vector<Meter> meters;
    std::vector<RouteCost> route_costs;
};

/// Reads TOML strictly; see presets/api-metering.toml for the form. A table or key that nobody
/// knows is a complaint, and every complaint names its line.
///
/// \param name  how messages call the file
/// Errors: InvalidArgument "catalog.bad_file" with every complaint in `fields` ("line 12" as the
/// pointer) and the first ten in the message ("presets/x.toml:12: ..."). A syntax error is the only
/// complaint of its file.
Result<CatalogFile> read_catalog_file(std::string_view toml, std::string_view name = "catalog");

}  // namespace turnpike
