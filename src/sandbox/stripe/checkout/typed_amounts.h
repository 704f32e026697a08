#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sandbox/stripe/core/pages.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// What the payer gives for a price with custom_unit_amount.
namespace turnpike::twin {

/// The form's field.
inline constexpr const char* kAmountField = "amount";

/// Whether the payer chooses what this session comes to.
bool takes_amount(const Json& session);

/// "from 1.00 to 50.00 USD", and the preset as it stands in the field ("" for none).
std::string amount_limits(const Json& session);
std::string amount_preset(const Json& session);

/// The session comes to `amount` now. Not stored. Errors: 400 for what is out of the price's
/// limits.
std::optional<StripeError> choose_amount(Context& ctx, Json& session, std::int64_t amount);

/// Puts what was typed on the page's session. Errors: in words for the payer.
std::optional<StripeError> take_typed_amount(PageRequest& page);

}  // namespace turnpike::twin
