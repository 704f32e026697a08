#pragma once

#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// Tokens: cards that were typed in, good for one use. The named ones of Stripe's testing page
/// ("tok_visa") are always good.
namespace turnpike::twin {

/// The card behind a token as a new payment method, not stored; a made token is used up.
/// Errors: 400 naming `param` when there is no such token, or it was used.
Outcome<Json> redeem_token(Context& ctx, const std::string& token, const std::string& param);

const Feature& token_feature();

}  // namespace turnpike::twin
