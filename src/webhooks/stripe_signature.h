#pragma once

#include <chrono>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "webhooks/signature.h"

namespace turnpike {

/// How far the signed time may lie from ours, both ways.
inline constexpr std::chrono::seconds kSignatureTolerance{300};

/// Whether `header` ("t=..,v1=..[,v1=..]") proves that the owner of one of the secrets sent exactly
/// these bytes: v1 = hex(HMAC-SHA256(secret, t + "." + body)), the secret as written, "whsec_"
/// included (spec: stripe-razorpay-wire 1.7). Compares in constant time and tries every secret.
/// \return std::monostate when it does, else the fault
std::variant<std::monostate, SignatureFault> check_stripe_signature(std::string_view header,
                                                                    std::string_view body,
                                                                    const WebhookSecrets& secrets,
                                                                    Instant now);

}  // namespace turnpike
