#pragma once

#include <string>

#include "base/error.h"
#include "billing/provider/context.h"
#include "customers/test_clock.h"

namespace turnpike {

/// Makes a test clock at the provider and here. Customers bound to it live at its time: their
/// usage, allowances and periods, and at the provider their invoices. Errors: those of
/// PaymentProvider (a provider without test clocks, or a live key, refuses).
asio::awaitable<Result<TestClock>> create_test_clock(BillingContext& billing, std::string name,
                                                     Instant frozen_time, Authority authority);

/// Moves the clock forward. Stops at the end of every billing period on the way, so that the closed
/// period's overage is on the renewal draft before the draft is finalized, an hour later.
///
/// Errors: NotFound "test_clock.not_found"; InvalidArgument "test_clock.backward"; those of
///         PaymentProvider. After an error the clock stands where it got to; advance again.
asio::awaitable<Result<TestClock>> advance_test_clock(BillingContext& billing, TestClockId id,
                                                      Instant target, Authority authority);

}  // namespace turnpike
