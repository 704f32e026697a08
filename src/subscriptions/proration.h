#pragma once

#include "base/decimal.h"
#include "base/error.h"
#include "base/money.h"
#include "base/time.h"

namespace turnpike {

/// The part of `price_total` (unit price x quantity for the whole `period`) that belongs to the
/// time from `at` to the end of the period:
///
///     price_total x (period.end - at) / (period.end - period.start), rounded once
///
/// Stripe's formula, in flexible and classic billing; with whole seconds and Rounding::HalfUp it
/// gives Stripe's recorded amounts. A credit is the negated result, so that a change undone at the
/// same instant sums to zero.
///
/// Errors: InvalidArgument "proration.outside_period" unless start <= at <= end and start < end;
///         InvalidArgument "money.out_of_range".
Result<Money> prorate(Money price_total, Period period, Instant at, Rounding rounding);

}  // namespace turnpike
