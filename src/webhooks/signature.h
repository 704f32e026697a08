#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace turnpike {

/// Why a signature header does not prove its body; for the log, never for the sender.
enum class SignatureFault : std::uint8_t {
    MalformedHeader,   ///< Stripe: not k=v,k=v with one whole-number t; Razorpay: not hex
    NoKnownScheme,     ///< Stripe: no v1 (v0 is a test scheme that anybody can compute)
    WrongSignature,    ///< fits no secret
    OutsideTolerance,  ///< Stripe: signed too long ago, or in the future
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

}  // namespace turnpike
