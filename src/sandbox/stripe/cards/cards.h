#pragma once

#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A payment method document for a test card: unattached, not stored yet.
Json card_payment_method(Context& ctx, const TestCard& card);

/// A token's card may also say its holder's name and address, a payment method's a token.
enum class CardForm : bool { Method, Token };
/// Reads card[number|exp_month|exp_year|cvc|token].
/// Errors: 402 for a number, date or code that no card can have, with Stripe's codes.
Outcome<Json> read_card(Context& ctx, Params& params, CardForm form = CardForm::Method);

/// What the bank says to the code of a card that is kept or charged: until then a method that was
/// made of a token says "unchecked". Stores the method if that changes it.
Json with_checked_code(Context& ctx, Json method);

/// Changes exp_month and exp_year of a card, where they are given.
void read_expiry(Params& params, Json& card);
/// The same of card[exp_month|exp_year].
void update_card(Params& params, Json& method);

}  // namespace turnpike::twin
