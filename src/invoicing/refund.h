#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "invoicing/invoice.h"

namespace turnpike {

using RefundId = Id<"ref">;
using DisputeId = Id<"dsp">;

/// Creating: we have asked, and the provider has not confirmed it yet. Of Failed and Canceled
/// nothing has gone back.
enum class RefundStatus : std::uint8_t { Creating, Pending, Succeeded, Failed, Canceled };
std::string_view to_text(RefundStatus status);
std::optional<RefundStatus> parse_refund_status(std::string_view text);

/// Money of one payment that goes back to who has paid. Without an invoice and without a customer
/// is what paid for nothing that is known here.
struct Refund {
    RefundId id;
    std::string provider;
    std::optional<std::string> provider_refund{};  ///< set when the provider has confirmed it
    std::string payment{};                         ///< provider's id; "" while none is chosen
    std::optional<CustomerId> customer{};
    std::optional<InvoiceId> invoice{};
    Money amount;
    RefundStatus status = RefundStatus::Creating;
    std::optional<std::string> reason{}, failure_reason{};
    Instant created_at;
};

/// Inquiry: the bank asks, and has taken nothing. Closed: an inquiry that has ended.
enum class DisputeStatus : std::uint8_t { Inquiry, NeedsResponse, UnderReview, Won, Lost, Closed };
std::string_view to_text(DisputeStatus status);
std::optional<DisputeStatus> parse_dispute_status(std::string_view text);
bool is_closed(DisputeStatus status);

/// What a payer claims back through his bank.
struct Dispute {
    DisputeId id;
    std::string provider;
    std::string provider_dispute;
    std::string payment;  ///< provider's id
    std::optional<CustomerId> customer{};
    std::optional<InvoiceId> invoice{};
    Money amount;
    DisputeStatus status = DisputeStatus::NeedsResponse;
    std::string reason;  ///< the provider's word: "fraudulent"
    std::optional<Instant> respond_by{};
    Instant created_at;
};

/// How much of an invoice is to go back; without an amount all that is left.
struct RefundWish {
    std::optional<std::int64_t> amount{};  ///< minor units, from 1
    std::optional<Currency> currency{};    ///< when named, it must be the invoice's
};
/// Errors: Conflict "refund.not_paid", "refund.disputed", "refund.nothing_left";
///         Unprocessable "refund.wrong_currency", "refund.exceeds_payment".
Result<Money> refundable(const Invoice& invoice, const RefundWish& wish);

}  // namespace turnpike
