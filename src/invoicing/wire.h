#pragma once

#include "invoicing/invoice.h"
#include "json/json.h"

namespace turnpike {

/// `{"object":"invoice", ...}`; amounts as {"amount": minor, "currency": "USD"}.
Json write_invoice(const Invoice& invoice);

}  // namespace turnpike
