#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "billing/records/checkout_session.h"
#include "sql/sql.h"

namespace turnpike {

/// For who begins a subscription or a checkout: of two transactions that do so for one customer,
/// the second sees what the first has written.
void lock_purchases(sql::Transaction& tx, const CustomerId& customer);

/// False when the customer has one that may be paid already.
bool insert_checkout(sql::Transaction& tx, const CheckoutSession& session);
/// Somebody with a credential has asked for the same page: it is not anonymous any more.
void claim_checkout(sql::Transaction& tx, const CheckoutId& id);
/// Errors: NotFound "checkout.not_found".
Result<CheckoutSession> load_checkout(sql::Transaction& tx, const CheckoutId& id);
/// The one that may still be paid, also while it is being made.
std::optional<CheckoutSession> find_payable_checkout(sql::Transaction& tx,
                                                     const CustomerId& customer);
std::optional<CheckoutSession> find_checkout_of_provider(sql::Transaction& tx,
                                                         std::string_view provider,
                                                         std::string_view provider_session);
/// The one at which this subscription is to be made.
std::optional<CheckoutSession> find_checkout_of_subscription(sql::Transaction& tx,
                                                             std::string_view provider,
                                                             std::string_view subscription);
/// Of this provider, those that nobody may pay any more, oldest first: their time is over, or the
/// customer has a subscription.
std::vector<CheckoutSession> checkouts_to_close(sql::Transaction& tx, std::string_view provider,
                                                Instant now, int limit);

/// The provider has made the page. False when it was made known, or given up, before.
bool mark_checkout_open(sql::Transaction& tx, const CheckoutId& id, const ProviderCheckout& theirs,
                        Instant now);
/// False when it had ended already.
bool end_checkout(sql::Transaction& tx, const CheckoutId& id, CheckoutStatus end, Instant now);

}  // namespace turnpike
