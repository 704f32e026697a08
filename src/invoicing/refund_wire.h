#pragma once

#include "invoicing/refund.h"
#include "json/json.h"

namespace turnpike {

/// `{"object":"refund", ...}`, `{"object":"dispute", ...}`; amounts as in write_invoice.
Json write_refund(const Refund& refund);
Json write_dispute(const Dispute& dispute);

}  // namespace turnpike
