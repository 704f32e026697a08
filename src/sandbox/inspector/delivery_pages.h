#pragma once

#include <span>

#include "sandbox/inspector/visit.h"

namespace turnpike::twin {

/// Events, their webhooks with every try, and sending them again.
std::span<const InspectorRoute> delivery_pages();

}  // namespace turnpike::twin
