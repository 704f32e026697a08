#pragma once

#include "catalog/cache.h"
#include "entitlements/standing_cache.h"
#include "metering/customer_window.h"

namespace turnpike {

/// For metering, which counts without knowing subscriptions: windows from the standings in memory,
/// and from the ledger, which memory then learns. Both must outlive what is returned.
BeginLook window_looks(CatalogCache& catalog, StandingCache& standings);
/// Of late usage, always from the ledger (past_window.h).
FindPastWindow past_look(CatalogCache& catalog);

}  // namespace turnpike
