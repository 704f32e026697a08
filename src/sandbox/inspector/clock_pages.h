#pragma once

#include <span>

#include "sandbox/inspector/visit.h"

namespace turnpike::twin {

/// The clocks of an account, and moving them on.
std::span<const InspectorRoute> clock_pages();

}  // namespace turnpike::twin
