#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// Charges the payment method for the intent, stores the charge, and raises charge.succeeded or
/// charge.failed. Returns its document. `decline` is null for a charge that succeeds.
Json make_charge(Context& ctx, const Json& payment_intent, const Json& payment_method,
                 const Decline* decline);

/// As make_charge, for a bank that answers later: status pending; raises charge.pending.
Json make_pending_charge(Context& ctx, const Json& payment_intent, const Json& payment_method);
/// Its answer to a pending charge, which is stored. `decline` is null when it pays.
Json settle_pending_charge(Context& ctx, const std::string& charge, const Decline* decline);

/// The rest of an authorized charge is released, `amount` is captured; raises charge.captured.
void capture_charge(Context& ctx, const std::string& charge, std::int64_t amount);

/// What automatic_async leaves for later: the balance transaction of a captured charge, if it has
/// none. Raises charge.updated.
void book_async_charge(Context& ctx, const std::string& charge);

/// An authorized charge is released without being captured: refunded in full, as Stripe shows it.
/// Raises `event`: charge.refunded or charge.expired.
void release_charge(Context& ctx, const std::string& charge, std::string_view event);

struct RefundRequest {
    std::optional<std::int64_t> amount{};  ///< nullopt: all that is left
    std::optional<std::string> reason{};
    std::optional<Json> metadata{};
};
/// Sends money of a charge back, raises refund.created and charge.refunded. Returns the refund as
/// it is before the bank may change its mind. Errors: 400 when the charge was not paid, is
/// disputed, or has less left than `amount`.
Outcome<Json> refund_charge(Context& ctx, Json charge, const RefundRequest& request);

Answer get_charge(Operation& operation);
Answer update_charge(Operation& operation);
Answer capture_of_charge(Operation& operation);
Answer list_charges(Operation& operation);
Answer create_refund(Operation& operation);
Answer get_refund(Operation& operation);
Answer update_refund(Operation& operation);
Answer cancel_refund(Operation& operation);
Answer list_refunds(Operation& operation);

}  // namespace turnpike::twin
