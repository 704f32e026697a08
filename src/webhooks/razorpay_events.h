#pragma once

#include <array>
#include <string>
#include <string_view>

#include "webhooks/event_verifier.h"

namespace turnpike {

/// What a webhook that leads here asks for: Razorpay takes names, no pattern.
inline constexpr auto kRazorpayEvents =
    std::to_array<std::string_view>({"invoice.expired",
                                     "invoice.paid",
                                     "invoice.partially_paid",
                                     "payment.captured",
                                     "payment.dispute.action_required",
                                     "payment.dispute.closed",
                                     "payment.dispute.created",
                                     "payment.dispute.lost",
                                     "payment.dispute.under_review",
                                     "payment.dispute.won",
                                     "payment.failed",
                                     "refund.created",
                                     "refund.failed",
                                     "refund.processed",
                                     "subscription.activated",
                                     "subscription.authenticated",
                                     "subscription.cancelled",
                                     "subscription.charged",
                                     "subscription.completed",
                                     "subscription.halted",
                                     "subscription.paused",
                                     "subscription.pending",
                                     "subscription.resumed",
                                     "subscription.updated"});

/// Razorpay signs the bytes only: neither a time nor the event's id, which is a header. So an event
/// is known by the SHA-256 of its bytes, which nobody else can make: sent again under another id it
/// is the same one, and under an id that is known already a new one is new all the same.
class RazorpayEvents final : public EventVerifier {
public:
    /// \param account  "acc_...": events of other accounts are refused; "": it is not known. No
    ///                 event tells whether it is of the live mode: each mode has its own secret.
    RazorpayEvents(WebhookSecrets secrets, std::string account);

    [[nodiscard]] std::string_view provider() const override { return "razorpay"; }
    [[nodiscard]] std::string_view header() const override { return "X-Razorpay-Signature"; }
    [[nodiscard]] std::optional<SignatureFault> fault_of(const http::Request& request,
                                                         Instant now) const override;
    [[nodiscard]] Result<NewInboxEvent> read(const http::Request& request) const override;

private:
    WebhookSecrets secrets_;
    std::string account_;
};

}  // namespace turnpike
