#pragma once

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// Members that an update can set now or at the end of the cycle: plan_id, quantity,
/// remaining_count, customer_notify. Not stored.
void apply_changes(Json& subscription, const Json& changes);

/// What was scheduled for the cycle's end happens; raises subscription.updated. Nothing when
/// nothing was.
void apply_scheduled_changes(Context& ctx, Json& subscription);

}  // namespace turnpike::twin::razorpay
