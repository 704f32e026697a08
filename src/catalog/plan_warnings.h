#pragma once

#include <string>
#include <vector>

#include "catalog/catalog_file.h"
#include "sql/sql.h"

namespace turnpike {

/// What a catalog does that its author may not mean, one sentence each; empty when there is
/// nothing:
///   - a meter is missing that subscribers' plan versions still give: their usage is refused;
///   - the default plan bills overage, which customers without a subscription get no invoice for.
/// \param tx  of the ledger, before or after the file is applied
std::vector<std::string> plan_warnings(sql::Transaction& tx, const CatalogFile& file);

}  // namespace turnpike
