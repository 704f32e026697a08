#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "crypto/secret_box.h"
#include "http/client.h"
#include "webhooks/delivery_store.h"
#include "webhooks/outbound_worker.h"

namespace turnpike {

inline constexpr std::size_t kDeliveryReplyBytesMax = 4'096;

/// The request that delivers: signed for `at`, or an alert's text for Slack.
/// Errors: those of SecretBox::open.
Result<http::Call> call_of(const ClaimedDelivery& claimed, const SecretBox& box, Instant at,
                           std::chrono::milliseconds timeout);
/// The letter that delivers an alert.
AlertMail mail_of(const ClaimedDelivery& claimed);

}  // namespace turnpike
