#pragma once

#include <optional>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"

/// Updates that wait for their invoice to be paid (payment_behavior=pending_if_incomplete). Until
/// then the subscription is as before; what it will be is kept in its private "_pending".
namespace turnpike::twin {

/// Nobody is to pay it any more: voids it if it is open. A draft, and what a bank may still pay, is
/// only not collected automatically any more.
void give_up_invoice(Context& ctx, const std::string& id);

/// Complains about what a pending update cannot change: Stripe lists what it can.
void check_pendable(Params& params, const std::vector<ItemRequest>& items);

/// A change's invoice, not collected yet, and how it is to be paid.
struct DueInvoice {
    Json draft;
    Payment payment;
};
/// Collects the invoice of a change to what is planned: paid, the change is applied; not paid, it
/// pends.
Outcome<Json> apply_when_paid(Context& ctx, const Json& subscription, Json planned, DueInvoice due);

/// The invoice that its pending update waits for; "" when there is none.
std::string pending_invoice_of(const Json& subscription);
/// The invoice that the subscription's status hangs on: the latest one, or, while an update waits
/// for that, the one before.
std::string decisive_invoice_of(const Json& subscription);
/// The invoice is paid: the subscription becomes what was planned; stored, with its events.
void apply_pending_update(Context& ctx, Json subscription);
/// Forgets the pending update and its invoice; nothing is stored.
void drop_pending_update(Json& subscription);
/// Another change takes its place: its invoice is voided, which discards it. Returns the
/// subscription, as it then is stored if there was one. Errors: 400 while its debit is under way.
Outcome<Json> replace_pending_update(Context& ctx, Json subscription);
/// The end takes its place. A debit of it that is under way pays an invoice of nothing more.
Json end_pending_update(Context& ctx, Json subscription);
/// Its time is over (the engine's step): its invoice is voided.
void expire_pending_update(Context& ctx, Json subscription);
/// When that is; nullopt: there is none.
std::optional<Instant> pending_update_end(const Json& subscription);

}  // namespace turnpike::twin
