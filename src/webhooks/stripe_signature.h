#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace turnpike {

/// Why a Stripe-Signature header does not prove its body; for the log, never for the sender.
enum class SignatureFault : std::uint8_t {
    MalformedHeader,   ///< not k=v,k=v with one whole-number t
    NoKnownScheme,     ///< no v1 (v0 alone is a test scheme that anybody can compute)
    WrongSignature,    ///< no v1 fits any secret
    OutsideTolerance,  ///< signed too long ago, or in the future
};
std::string_view to_text(SignatureFault fault);

/// The signing secrets of one endpoint: one, or two while a secret is being rolled.
class WebhookSecrets {
public:
    /// Errors: InvalidArgument "webhook.bad_secret" when there is none, or one is shorter than 8
    /// bytes or holds a space: an empty secret would let anybody sign.
    static Result<WebhookSecrets> create(std::vector<std::string> secrets);

    [[nodiscard]] std::span<const std::string> all() const { return secrets_; }

private:
    explicit WebhookSecrets(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}
    std::vector<std::string> secrets_;
};

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
