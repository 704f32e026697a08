#pragma once

#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// POST /v1/invoices/{invoice}/attach_payment: a PaymentIntent that was made without the invoice
/// pays it once it succeeds, or at once if it has. It must be for all that is left to pay.
const Feature& attached_payment_feature();

}  // namespace turnpike::twin
