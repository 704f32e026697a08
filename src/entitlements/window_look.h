#pragma once

#include <optional>

#include "catalog/cache.h"
#include "entitlements/standing_cache.h"
#include "metering/customer_window.h"

namespace turnpike {

/// For metering, which counts without knowing subscriptions: windows from the standings in memory,
/// and from the ledger, which memory then learns. Both must outlive what is returned.
BeginLook window_looks(CatalogCache& catalog, StandingCache& standings);
/// For one request of one customer, whose standing is kept in `found`, too, or why there is none.
WindowLook window_look(CatalogCache& catalog, StandingCache& standings,
                       std::optional<Result<Standing>>& found);
/// Of late usage, always from the ledger (past_window.h).
FindPastWindow past_look(CatalogCache& catalog);

}  // namespace turnpike
