#pragma once

#include "catalog/catalog.h"
#include "entitlements/decision.h"

namespace turnpike {

/// Of this plan; its first price in the currency, if it has one.
UpgradeHint hint_of(const PlanVersion& plan, Currency currency);

}  // namespace turnpike
