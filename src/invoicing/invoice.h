#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/money.h"
#include "base/time.h"

namespace turnpike {

enum class InvoiceStatus : std::uint8_t { Draft, Open, Paid, Void, Uncollectible };
std::string_view to_text(InvoiceStatus status);
std::optional<InvoiceStatus> parse_invoice_status(std::string_view text);

/// Plan: the recurring price. Proration: part of a period after a change. Overage: usage beyond the
/// allowance, one line per meter and plan. Other: made at the provider by hand.
enum class LineKind : std::uint8_t { Plan, Proration, Overage, Other };
std::string_view to_text(LineKind kind);
std::optional<LineKind> parse_line_kind(std::string_view text);

struct InvoiceLine {
    InvoiceLineId id;
    std::string provider_line_id;
    LineKind kind = LineKind::Other;
    std::string description;
    std::int64_t quantity = 1;
    Money amount;
    Period period;                                    ///< when the service was given
    std::optional<OverageChargeId> overage_charge{};  ///< which Overage it bills
    std::optional<std::string> provider_price{};      ///< provider's id of what it sells
};

/// The mirror of a provider's invoice. Invariant: subtotal is the sum of the lines.
struct Invoice {
    InvoiceId id;
    CustomerId customer;
    std::optional<SubscriptionId> subscription;
    std::string provider;
    std::string provider_invoice_id;
    std::optional<std::string> number;  ///< given at finalizing
    InvoiceStatus status = InvoiceStatus::Draft;
    std::string billing_reason;
    Money subtotal, total, amount_due, amount_paid;
    /// Taxes and discounts are within the total. The customer's balance has paid `credit_applied`
    /// of it; credit notes took `credited` off it later.
    Money tax, discount, credit_applied, credited;
    /// Of the amount paid: what has gone back, or is about to.
    Money refunded;
    bool disputed = false;  ///< a chargeback that is open or lost has its money
    std::optional<Instant> due_at;
    std::int64_t attempt_count = 0;
    std::optional<Instant> next_attempt_at{};  ///< when the provider tries to collect it by itself
    std::optional<std::string> hosted_url, pdf_url;
    Period period;
    std::optional<Instant> issued_at, paid_at;
    Instant created_at;
    std::vector<InvoiceLine> lines;
};

}  // namespace turnpike
