#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"
#include "sandbox/deliveries.h"
#include "sandbox/provider_twin.h"
#include "sandbox/stripe/core/context.h"

/// Events on their way to webhook endpoints.
namespace turnpike::twin {

inline constexpr std::string_view kWebhookEndpointKind = "webhook_endpoint";

/// Queues `event`, as it is stored, for each enabled endpoint that wants its type.
void queue_webhooks(Context& ctx, const Json& event);

/// Queues `event` once more, for one endpoint whether or not it wants the type, or ("") for each
/// one that does. An endpoint that has had it gets the same body again.
///
/// \return the number of endpoints
/// Errors: 400 for an endpoint that there is not, or that is disabled; or when none wants it.
Outcome<std::size_t> resend_webhooks(Context& ctx, const Json& event, const std::string& endpoint);

/// Whether an enabled endpoint has refused the event of this type about this object, and has not
/// taken it since.
bool is_refused(Context& ctx, std::string_view type, const Json& object);

/// The request that delivers an event now; nullopt when its endpoint is gone or disabled.
std::optional<http::Call> webhook_call(Context& ctx, const Delivery& delivery,
                                       const WebhookStyle& style);

}  // namespace turnpike::twin
