#pragma once

#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// GET /v1/.../search of seven resources. Answers from what is stored: what was made a moment ago
/// is found.
const Feature& search_feature();

}  // namespace turnpike::twin
