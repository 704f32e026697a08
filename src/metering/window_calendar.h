#pragma once

#include "base/time.h"
#include "catalog/reset.h"

namespace turnpike {

/// Of windows that never end, Lifetime and Rolling: all time that an event can have.
Period endless_window();

/// The window that `moment` falls in. Days, ISO weeks and months are UTC.
/// \param billing_period  of the contract; it is the window of BillingPeriod whatever the moment
/// \param moment          from 1970 to 9999
Period window_at(const Reset& reset, const Period& billing_period, Instant moment);

}  // namespace turnpike
