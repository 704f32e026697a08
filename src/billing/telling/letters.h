#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "invoicing/invoice.h"
#include "invoicing/refund.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

// What customers are told by letter of their contract and their money, and when. Each of these is
// called in the transaction of what it tells, and tells it once, however often it is called.

/// `event` is the outbox event of the invoice's move: a receipt, or a payment that failed.
void write_invoice_letter(sql::Transaction& tx, std::string_view event, const Invoice& invoice,
                          Instant now, IdSource& ids);
/// The bank wants the customer to confirm a payment of this invoice. Takes the place of the letter
/// that the same try has failed, unless that one is gone already.
void write_confirmation_letter(sql::Transaction& tx, const Invoice& invoice, Instant now,
                               IdSource& ids);
/// A failed try of it that nobody was told of yet, and a confirmation that was not asked for yet,
/// are of no more interest.
void take_back_tries(sql::Transaction& tx, const Invoice& invoice, Instant now);
/// Money has gone back, once for each refund.
void write_refund_letter(sql::Transaction& tx, const Refund& refund, Instant now, IdSource& ids);
/// Whether something about an invoice was before an import took its subscription over, or before
/// the customer was known here at all. Somebody else has told of it then: whoever takes a business
/// over (docs/import.md) gets years of such things.
/// \param subscription  the invoice's; nullopt: whichever was taken over last
bool was_before_takeover(sql::Transaction& tx, const CustomerId& customer,
                         const std::optional<SubscriptionId>& subscription, Instant moment);
/// It has ended, has another plan or price, will have one, or will not after all.
void write_subscription_letter(sql::Transaction& tx, const Subscription& before,
                               const Subscription& after, Instant now, IdSource& ids);
/// A plan that would have cost less in the last period that was charged; once a month.
void write_recommendation(sql::Transaction& tx, const Catalog& catalog, const CustomerId& customer,
                          Instant now, IdSource& ids);

/// It ends soon; once for each end that it is given.
void write_trial_letter(sql::Transaction& tx, const Subscription& trial, Instant now,
                        IdSource& ids);

}  // namespace turnpike
