#pragma once

#include "webhooks/event_verifier.h"

namespace turnpike {

/// Events of the other mode are refused: a test event must not move a live ledger, nor the reverse.
enum class ProviderMode : bool { Test, Live };

/// Stripe signs the time and the bytes, and names the event inside them.
class StripeEvents final : public EventVerifier {
public:
    StripeEvents(WebhookSecrets secrets, ProviderMode mode);

    [[nodiscard]] std::string_view provider() const override { return "stripe"; }
    [[nodiscard]] std::string_view header() const override { return "Stripe-Signature"; }
    [[nodiscard]] std::optional<SignatureFault> fault_of(const http::Request& request,
                                                         Instant now) const override;
    [[nodiscard]] Result<NewInboxEvent> read(const http::Request& request) const override;

private:
    WebhookSecrets secrets_;
    ProviderMode mode_;
};

}  // namespace turnpike
