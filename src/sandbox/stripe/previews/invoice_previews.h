#pragma once

#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// POST /v1/invoices/create_preview: the invoice that a change would make at once, or else the next
/// renewal with what waits for it, made by the same planning as the change itself; stores nothing.
/// invoice.upcoming announces renewals with the same invoice.
const Feature& preview_feature();

}  // namespace turnpike::twin
