#pragma once

#include <string>
#include <vector>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// The signing secrets of a webhook endpoint.
namespace turnpike::twin {

/// Those that sign at `now`: the endpoint's own, and one that was replaced until it expires.
std::vector<std::string> live_secrets(const Json& endpoint, Instant now);

/// POST /_sandbox/webhook_endpoints/{webhook_endpoint}/roll_secret with `expires_in`, 0 to 86,400
/// seconds that the old secret goes on signing: what the button "Roll secret" of Stripe's dashboard
/// does, for which the API has no call.
const Feature& webhook_secret_feature();

}  // namespace turnpike::twin
