#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"

/// paused -> active.
namespace turnpike::twin {

/// How a paused subscription goes on.
struct ResumeRequest {
    enum class Anchor : bool {
        Now,        ///< a new cycle begins, and is billed whole
        Unchanged,  ///< the rest of the cycle that is running is prorated
    } anchor = Anchor::Now;
    ProrationBehavior proration = ProrationBehavior::CreateProrations;
    std::optional<Instant> proration_date{};
};
/// The change of the subscription that this is.
PlanChange resumption(const ResumeRequest& request);

/// nullopt when the subscription is paused and nobody is about to resume it.
std::optional<StripeError> check_resumable(Context& ctx, const Json& subscription);

/// POST /v1/subscriptions/{subscription}/resume. An invoice that it makes must be paid first.
Answer resume_subscription(Operation& operation);

}  // namespace turnpike::twin
