#pragma once

#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// The receipt of a charge that succeeded (receipt_url), as the charge is now: what was paid, by
/// whom and how, the lines of its invoice, and what was given back.
const Feature& receipt_feature();

}  // namespace turnpike::twin
