#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// Usage of one meter in one billing period of a subscription. Holds references.
struct BilledPeriod {
    const SubscriptionId& subscription;
    const std::string& meter_key;
    Instant start;
};

/// Where a charge stands.
struct BilledOn {
    std::string provider, provider_invoice_id;
    std::optional<InvoiceId> invoice;           ///< these are absent while the provider's is not
    std::optional<std::string> number, status;  ///< known here; a draft has no number
    std::optional<InvoiceLineId> line;
};

/// What a close has charged of the period; it never changes. An adjustment is of a later close, and
/// may give back.
struct PeriodCharge {
    OverageChargeId id;
    enum class Kind : std::uint8_t { Overage, Adjustment } kind = Kind::Overage;
    Quantity quantity;
    UnitPrice unit_price;
    Money amount;
    Instant created_at;
    std::optional<BilledOn> on{};  ///< absent until the provider has taken it
};

/// What became of the period's overage so far. Open: the period runs, or its end was not noticed
/// yet. Closing: its charges are being made. Closed without charges: all of it was included.
struct PeriodBilling {
    enum class State : std::uint8_t { Open, Closing, Closed } state = State::Open;
    std::vector<PeriodCharge> charges;  ///< oldest close first
};

/// Who bills answers this (billing/overage/period_charges.h); metering only shows it.
using FindPeriodBilling =
    std::function<PeriodBilling(sql::Transaction& tx, const BilledPeriod& period)>;

}  // namespace turnpike
