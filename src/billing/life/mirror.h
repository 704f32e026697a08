#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "billing/provider/context.h"
#include "billing/records/checkout_session.h"
#include "payments/provider.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// The next fetch ticket. Taken and committed before the provider is asked, so that of two replies
/// the one that was asked for later wins, whichever arrives first.
std::int64_t next_fetch_ticket(sql::Transaction& tx);

/// One reply of the provider and what is needed to write it down.
struct MirrorScope {
    std::string_view provider;
    IdSource& ids;
    Instant now;
    Authority authority;
    std::int64_t ticket;
    std::chrono::days grace = kGraceDefault;
};

/// The checkout at which a subscription of the provider's was made; nullopt for all others.
std::optional<CheckoutSession> find_checkout_of(sql::Transaction& tx, std::string_view provider,
                                                const ProviderSubscription& theirs);
/// Whether it has not been paid yet and its page is still open: nothing that counts, and for most
/// nothing ever will.
bool is_on_its_page(const CheckoutSession& checkout, const ProviderSubscription& theirs);

/// As the ledger shows it. Where another provider has been paid for the running period, the new
/// one's object waits for its end: what it calls a trial is paid, unless it was one there.
ProviderSubscription in_paid_time(const Subscription& ours, ProviderSubscription theirs);

/// Makes our subscription equal to the provider's: status, period, plan, cancellation. Finds it by
/// the provider's id, by our id in the metadata, or adopts it when its customer and price are ours,
/// under the id that its checkout has for it.
/// Queues the close of finished periods and writes the audit row, all in this transaction. A change
/// of plan needs no more than the row: the next usage begins the new segment by itself. Of an
/// object that a subscription has moved from, or is moving to, only the move hears.
///
/// \return our subscription; nullopt when the object is not ours, or not its present one
/// Errors: Unprocessable "subscription.unknown_status" for a status this version does not know.
Result<std::optional<Subscription>> mirror_subscription(sql::Transaction& tx,
                                                        const MirrorScope& scope,
                                                        const ProviderSubscription& theirs);

/// Makes our invoice equal to the provider's. nullopt: its customer is not ours.
Result<std::optional<InvoiceId>> mirror_provider_invoice(sql::Transaction& tx,
                                                         const MirrorScope& scope,
                                                         const ProviderInvoice& theirs);

}  // namespace turnpike
