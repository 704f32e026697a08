#pragma once

#include <cstdint>
#include <functional>

#include "billing/provider/contexts.h"
#include "import/foreign_customer.h"
#include "import/report.h"

namespace turnpike {

struct ImportOrder {
    /// Rehearse does all of it and rolls each customer back, so that its report is the same.
    enum class Mode : bool { Rehearse, Write } mode = Mode::Rehearse;
    /// Customers that are done, of all.
    std::function<void(std::uint64_t done, std::uint64_t all)> progress{};
};

/// Takes a source over, customer by customer: each in one transaction, then its usage. A running
/// subscription is asked for at its provider, whose word on status, period and price is what the
/// ledger gets; nothing is changed there. What is there already stays as it is, so that an import
/// that was interrupted is gone on with by beginning again.
///
/// Errors: those of PaymentProvider and UsageStore; customers before that are taken over.
asio::awaitable<Result<ImportReport>> take_over(BillingContexts& billing, ForeignLedger ledger,
                                                ImportOrder order);

}  // namespace turnpike
