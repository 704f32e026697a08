#pragma once

#include <cstdint>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// The seller's balance: a balance_transaction for all that comes in and goes out, less Stripe's
/// fees. Each is in its charge's own currency, and nothing is paid out.
namespace turnpike::twin {

/// Books what a charge took, and names the transaction in the charge, which is not stored.
void book_charge(Context& ctx, Json& charge, std::int64_t amount);
/// Books a refund of the charge, and names the transaction in the refund, which is not stored.
void book_refund(Context& ctx, const Json& charge, Json& refund);
/// The money of a refund that failed comes back; as above.
void book_failed_refund(Context& ctx, const Json& charge, Json& refund);

const Feature& ledger_feature();

}  // namespace turnpike::twin
