#pragma once

#include <cstdint>

#include "payments/provider_client.h"

namespace turnpike {

/// What one pass over the unknown intents did.
struct SettledIntents {
    int found = 0;   ///< the object was there: succeeded
    int absent = 0;  ///< proven not to exist: pending again, under a new key
    int open = 0;    ///< still unknown
};

/// For /health/billing: how the conversation with a provider goes.
struct ProviderHealth {
    ClientHealth client;
    std::int64_t unknown_intents = 0;  ///< outcomes that are still open
};

}  // namespace turnpike
