#pragma once

#include <chrono>

#include "audit/audit.h"
#include "base/id.h"
#include "base/time.h"
#include "catalog/cache.h"
#include "entitlements/standing_cache.h"
#include "metering/service.h"
#include "payments/provider.h"
#include "sql/database.h"

namespace turnpike {

/// How long a customer whose renewal failed keeps his plan: two of Stripe's usual retries.
inline constexpr std::chrono::days kGraceDefault{7};

/// What every billing flow needs; owned by the App, which outlives the flows.
struct BillingContext {
    sql::Database& db;
    UsageStore& usage;
    const Clock& clock;
    IdSource& ids;
    PaymentProvider& provider;
    CatalogCache& catalog;
    StandingCache& standings;
    std::chrono::days grace = kGraceDefault;
};

}  // namespace turnpike
