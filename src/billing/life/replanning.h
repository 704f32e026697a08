#pragma once

#include "audit/audit.h"
#include "base/id.h"
#include "billing/provider/context.h"

namespace turnpike {

/// What is planned for the end of a period is billed with the discounts that stood when it was
/// planned: the phase of Stripe's schedule names them, and a phase without any takes them away.
/// Where others stand since, this plans the same once more, by a command of its own, which the
/// worker finishes when this cannot. What somebody planned at the provider himself stays as it is.
asio::awaitable<void> plan_with_new_discounts(BillingContext& billing, SubscriptionId id,
                                              Authority authority);

}  // namespace turnpike
