#pragma once

#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/wire/params.h"

/// Parameters that become members of the same name.
namespace turnpike::twin {

/// Absent: unchanged. "": null.
void set_text(Params& params, std::string_view name, Json& object,
              std::size_t characters_max = Params::kTextCharactersMax);
void set_boolean(Params& params, std::string_view name, Json& object);
void set_integer(Params& params, std::string_view name, Json& object);
/// {city, country, line1, line2, postal_code, state}. Absent: unchanged. "": null.
void set_address(Params& params, std::string_view name, Json& object);
/// {address, email, name, phone, tax_id} of a payment method.
void set_billing_details(Params& params, Json& object);

/// Six nulls: how Stripe shows an address that is not known.
Json empty_address();

}  // namespace turnpike::twin
