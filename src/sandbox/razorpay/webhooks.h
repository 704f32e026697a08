#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "http/client.h"
#include "sandbox/deliveries.h"
#include "sandbox/provider_twin.h"
#include "sandbox/razorpay/context.h"

/// Where events are sent to: what a merchant sets up in the dashboard.
namespace turnpike::twin::razorpay {

/// The request that delivers an event; nullopt when its endpoint is gone or disabled.
std::optional<http::Call> call_of(Context& ctx, const Delivery& delivery,
                                  const WebhookStyle& style);

/// After any try: when to repeat it (twice as long after each failure, from a minute to four
/// hours); nullopt when it got through, or when its endpoint has failed for 24 hours by the
/// account's clock, which disables it.
std::optional<Instant> retry_at(Context& ctx, const Delivery& delivery, const Attempt& attempt);

/// Queues what the event's endpoints were sent of it once more, signed as it was. The number of
/// webhooks.
std::int64_t resend_webhooks(Context& ctx, const EventAddress& event, Instant now);

std::span<const Route> webhook_routes();

}  // namespace turnpike::twin::razorpay
