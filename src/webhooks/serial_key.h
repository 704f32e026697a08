#pragma once

#include <string>

#include "json/json.h"

namespace turnpike {

/// Whom an event of Stripe's is about: events with the same key are applied one after the other.
/// The customer where the object names one (bare or expanded), else the object itself, else "".
/// Pure; any JSON is allowed.
std::string serial_key(const Json& event);

}  // namespace turnpike
