#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/money.h"
#include "billing/overage/charge_proof.h"
#include "catalog/catalog.h"
#include "entitlements/allowance_overrides.h"
#include "invoicing/invoice.h"
#include "invoicing/visible.h"
#include "json/json.h"
#include "sql/sql.h"

namespace turnpike {

/// The charge behind an overage line, and what it follows from.
struct ExplainedCharge {
    OverageChargeId id;
    std::size_t segment = 0;
    Quantity quantity;
    UnitPrice unit_price;
    Money amount{0, Currency::Usd};
    std::string meter_name;
    CustomerId customer;
    ChargeProof proof;
    /// The history that charges before it had seen; an adjustment follows from what came behind.
    std::uint64_t entries_before = 0;
    std::map<std::string, PlanVersion> plans;  ///< of the proof's segments, by version id
    /// Those that segments of the proof were used under, by their numbers.
    std::map<std::uint32_t, AllowanceOverride> overrides{};
    [[nodiscard]] bool is_adjustment() const {
        return proof.billed_period_start != proof.period.start;
    }
};

/// A line of an invoice, and why it says what it says.
struct ExplainedLine {
    Invoice invoice;
    InvoiceLine line;
    std::optional<ExplainedCharge> charge{};  ///< of overage
    /// Of a plan's line, and of a proration: what the provider sold, where it is a price of ours.
    struct Price {
        PlanVersion plan;
        PriceId id;
        Recurrence recurrence;
        Money amount{0, Currency::Usd};
    };
    std::optional<Price> price{};
};

/// \param whose  lines of their invoices; of others there are none
/// Errors: NotFound "invoice_line.not_found".
Result<ExplainedLine> explain_line(sql::Transaction& tx, const InvoiceLineId& line,
                                   const VisibleCustomers& whose);

/// How overage in this currency is rounded (charged_in()), in words.
std::string_view rounding_rule(Currency currency);
/// All of it but the events.
Json write_explanation(const ExplainedLine& explained);
/// \param period  that was charged: what arrived after its end is late
Json write_entry(const CounterEntry& entry, const Period& period);

}  // namespace turnpike
