#pragma once

#include "base/error.h"
#include "base/money.h"
#include "base/time.h"

namespace turnpike {

/// The part of `price_total` (unit price x quantity for the whole `period`, negative for a credit)
/// that belongs to the time from `at` to the end of the period:
///
///     price_total x (period.end - at) / (period.end - period.start)
///
/// rounded once, to the nearest cent, an exact half towards minus infinity. That is Stripe's rule,
/// in whole seconds, as recorded (tests/golden/stripe/prorations.json):
///
///     credits                                  charges
///     2500, month 4 s old   -2499.996 -> -2500    25000, year 4 s old  24999.997 -> 25000
///     2000, 1/3 left         -666.667 -> -667     1000, 1/3 left         333.333 -> 333
///     1000, 1/400 left         -2.5   -> -3       1800, 1/400 left         4.5   -> 4
///                                                 3 x 1000, 1/400 left     7.5   -> 7
///
/// Neither half up nor half even gives -3, 4 and 7, and no floor gives 25000. So a credit can be a
/// cent more than the charge for the same time.
///
/// Errors: InvalidArgument "proration.outside_period" unless start <= at <= end and start < end;
///         InvalidArgument "money.out_of_range".
Result<Money> prorate(Money price_total, Period period, Instant at);

}  // namespace turnpike
