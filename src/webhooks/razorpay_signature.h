#pragma once

#include <string_view>
#include <variant>

#include "webhooks/signature.h"

namespace turnpike {

/// Whether `header` ("X-Razorpay-Signature") proves that the owner of one of the secrets sent
/// exactly these bytes: hex(HMAC-SHA256(secret, body)) (spec: stripe-razorpay-wire 2). Razorpay
/// signs no time, so an old webhook proves as much as a new one: its event id tells them apart, and
/// after a change of the secret old events still carry the old one. Compares in constant time and
/// tries every secret.
/// \return std::monostate when it does, else MalformedHeader or WrongSignature
std::variant<std::monostate, SignatureFault> check_razorpay_signature(
    std::string_view header, std::string_view body, const WebhookSecrets& secrets);

}  // namespace turnpike
