#pragma once

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// billing_mode of a subscription: classic or flexible, which is the default since clover.
namespace turnpike::twin {

/// The member's value but for updated_at: of who asks for none, and as a creation asks for it.
Json default_billing_mode();
Json read_new_billing_mode(Params& params);

bool is_classic(const Json& subscription);
/// billing_mode[flexible][proration_discounts]: prorations show what they cost without the
/// discounts and what these take off, instead of the difference alone.
bool itemizes_discounts(const Json& subscription);

/// POST /v1/subscriptions/{subscription}/migrate: classic becomes flexible, included discounts
/// become itemized; never the other way round.
Answer migrate_subscription(Operation& operation);

}  // namespace turnpike::twin
