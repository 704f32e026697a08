#pragma once

#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/context.h"
#include "sandbox/stripe/test_cards.h"

namespace turnpike::twin {

/// Charges the payment method for the intent, stores the charge, and raises charge.succeeded or
/// charge.failed. Returns its document. `decline` is null for a charge that succeeds.
Json make_charge(Context& ctx, const Json& payment_intent, const Json& payment_method,
                 const Decline* decline);

/// The rest of an authorized charge is released, `amount` is captured; raises charge.captured.
void capture_charge(Context& ctx, const std::string& charge, std::int64_t amount);

Answer get_charge(Operation& operation);
Answer list_charges(Operation& operation);
Answer create_refund(Operation& operation);
Answer get_refund(Operation& operation);
Answer update_refund(Operation& operation);
Answer cancel_refund(Operation& operation);
Answer list_refunds(Operation& operation);

}  // namespace turnpike::twin
