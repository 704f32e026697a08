#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"

/// What a subscription becomes by what happens to its invoices.
namespace turnpike::twin {

// Listeners (core/occurrences.h); without effect for an invoice of no subscription.
void invoice_was_paid(Context& ctx, std::string_view type, const Json& invoice);
/// A debit of its first invoice makes a subscription active before the bank has answered.
void invoice_is_processing(Context& ctx, std::string_view type, const Json& invoice);
void invoice_was_not_paid(Context& ctx, std::string_view type, const Json& invoice);
void invoice_is_past_due(Context& ctx, std::string_view type, const Json& invoice);
/// Voided or marked uncollectible.
void invoice_was_closed(Context& ctx, std::string_view type, const Json& invoice);

/// incomplete -> incomplete_expired; the first invoice is voided. Returns the subscription, stored.
Json expire_incomplete(Context& ctx, Json subscription);
/// A paused subscription stays paused: its resumption was not paid in time.
void end_resumption(Context& ctx, Json subscription);
/// The invoice that a paused subscription waits for, to be resumed, open or still a draft; nullopt:
/// there is none.
std::optional<Json> open_resumption(Context& ctx, const Json& subscription);

}  // namespace turnpike::twin
