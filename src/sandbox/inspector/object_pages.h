#pragma once

#include <span>

#include "sandbox/inspector/visit.h"

namespace turnpike::twin {

/// "/", accounts, objects by kind and by id.
std::span<const InspectorRoute> object_pages();

}  // namespace turnpike::twin
