#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "billing/provider/contexts.h"

namespace turnpike {

/// One fact on which the ledger and the provider disagreed before the repair.
struct Difference {
    std::string object;  ///< provider's id, or ours when the provider has none
    std::string field;   ///< "status", "period_end", "missing_here", "unreadable", ...
    std::string ledger;
    std::string provider;
    bool repaired = false;
    std::string provider_name{};  ///< "stripe"
};

struct Reconciliation {
    std::int64_t subscriptions_checked = 0;
    std::int64_t invoices_checked = 0;
    std::vector<Difference> differences;
};

/// Repair applies the provider's state, as an event would have; refunds of the last 30 days and
/// what is open of refunds and disputes too. Report only looks, and not at these.
enum class ReconcileMode : bool { Report, Repair };

/// Subscriptions of ours that the provider does not know at all. When it misses many at once, the
/// key is another account's, or a backup came back, far more often than they are gone: Bounded
/// then leaves them as they are and lists them; Any ends them on somebody's word.
enum class MissingThere : bool { Bounded, Any };
/// Bounded repairs up to this many, or a tenth of those that run, whichever is more.
inline constexpr std::size_t kMissingThereMax = 3;

struct ReconcileOrder {
    ReconcileMode mode = ReconcileMode::Report;
    MissingThere missing = MissingThere::Bounded;
    Authority authority;
};

/// Walks every subscription and invoice of the provider and of ours, lists each difference, and in
/// Repair mode mends it. A difference counts as repaired when a second look no longer finds it;
/// what only people can mend (a second subscription, a customer that is not ours, a quantity)
/// stays open. Safe beside a running server. A whole walk in Repair mode is what the monitor shows
/// of drift from then on (monitoring/drift.h). An object that cannot be taken in is listed as
/// "unreadable", with the reason, and hides no other.
/// Errors: those of PaymentProvider.
asio::awaitable<Result<Reconciliation>> reconcile(BillingContext& billing, ReconcileOrder order);

/// The same for one provider, or for each that is configured, one after the other: one that cannot
/// be asked does not keep the others from being compared.
/// Errors: Unprocessable "billing.provider_not_configured"; the first one of reconcile, after all
///         have been tried.
asio::awaitable<Result<Reconciliation>> reconcile_providers(BillingContexts& billing,
                                                            ReconcileOrder order,
                                                            std::optional<std::string> provider);

}  // namespace turnpike
