#pragma once

#include <cstdint>

#include "payments/provider_client.h"

namespace turnpike {

/// For /health/billing: how the conversation with a provider goes.
struct ProviderHealth {
    ClientHealth client;
    std::int64_t unknown_intents = 0;  ///< outcomes that are still open
};

}  // namespace turnpike
