#pragma once

#include <string>

#include "json/json.h"

namespace turnpike {

/// Whom an event is about: events with the same key are applied one after the other. Of Stripe's,
/// the customer where the object names one (bare or expanded), else the object itself; of
/// Razorpay's, the subscription, else what it pays for, else the first of its entities that has an
/// id; else "". Pure; any JSON is allowed.
std::string serial_key(const Json& event);

}  // namespace turnpike
