#pragma once

#include <cstdint>

#include "base/time.h"
#include "subscriptions/billing_period.h"

/// What an immediate change of a subscription costs. Pure.
namespace turnpike::twin::razorpay {

/// What is charged for one cycle.
struct Terms {
    std::int64_t amount = 0;  ///< plan times quantity, in the currency's smallest unit
    BillingInterval interval;
};

/// To charge (positive) or to give back (negative), when the terms of the running `cycle` change at
/// `now`. By whole days in India: the day of the change is the first of the new terms. With the
/// same interval the rest of the cycle is charged anew; with another one a new cycle begins, and is
/// charged in full. Rounded half up, once.
std::int64_t price_of_change(const Terms& from, const Terms& to, const Period& cycle, Instant now);

}  // namespace turnpike::twin::razorpay
