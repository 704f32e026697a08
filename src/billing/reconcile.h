#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "billing/context.h"

namespace turnpike {

/// One fact on which the ledger and the provider disagreed before the repair.
struct Difference {
    std::string object;  ///< provider's id, or ours when the provider has none
    std::string field;   ///< "status", "period_end", "missing_here", "missing_there", ...
    std::string ledger;
    std::string provider;
    bool repaired = false;
};

struct Reconciliation {
    std::int64_t subscriptions_checked = 0;
    std::int64_t invoices_checked = 0;
    std::vector<Difference> differences;
};

/// Repair applies the provider's state, as an event would have. Report only looks.
enum class ReconcileMode : bool { Report, Repair };

/// Walks every subscription and invoice of the provider and every subscription of ours, lists each
/// difference, and in Repair mode mends it. Safe beside a running server.
/// Errors: those of PaymentProvider.
asio::awaitable<Result<Reconciliation>> reconcile(BillingContext& billing, ReconcileMode mode,
                                                  Authority authority);

}  // namespace turnpike
