#pragma once

#include <cstdint>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// What Stripe's dashboard lets a seller choose, and no API: what becomes of a subscription whose
/// invoice was not paid by the last retry.
namespace turnpike::twin {

enum class AfterLastRetry : std::uint8_t {
    Cancel,   ///< canceled; the default here
    Unpaid,   ///< unpaid: invoices go on being drafted, nothing is collected
    PastDue,  ///< stays past_due
};
AfterLastRetry after_last_retry(Context& ctx);

/// GET and POST /_sandbox/subscription_settings: `after_last_retry` is cancel, unpaid or past_due.
const Feature& delinquency_feature();

}  // namespace turnpike::twin
