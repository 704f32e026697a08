#pragma once

#include <optional>

#include "base/time.h"
#include "subscriptions/billing_period.h"

namespace turnpike {

/// What is known of a subscription's periods on both sides of a moment: at least one of them.
struct KnownPeriods {
    std::optional<Period> last;   ///< of those that began by the moment, the one that began last
    std::optional<Instant> next;  ///< when the first one behind the moment began
};

/// The subscription's period that holds `moment`: a known one or, where none does, that of the
/// cycle which leads to the next one or, without one, on from the last. It fills no more than the
/// gap between them.
/// \param started_at  the anchor, unless the cycle was moved since; absent: it is not known
Period billing_period_at(const KnownPeriods& known, std::optional<Instant> started_at,
                         BillingInterval interval, Instant moment);

}  // namespace turnpike
