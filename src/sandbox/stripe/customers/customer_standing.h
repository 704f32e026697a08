#pragma once

#include "sandbox/stripe/core/feature.h"

/// `delinquent` of a customer follows the invoices: true once one was not collected automatically
/// or passed its due date, false once one was paid or written off by a request.
namespace turnpike::twin {

const Feature& customer_standing_feature();

}  // namespace turnpike::twin
