#pragma once

#include <cstdint>

#include "billing/context.h"

namespace turnpike {

/// Tells the provider the name and e-mail that a customer has now, if they have changed since it
/// was told last; its invoices show them. What the provider refuses for good (an address that it
/// does not take) is logged and given up.
/// \return false, and a line in the log, when the provider cannot be told now: it is still owed,
/// and
///         tell_changed_customers repeats it
asio::awaitable<bool> tell_customer_details(BillingContext& billing, CustomerId customer);

/// The same for customers who changed until `until`, a bounded number at a time.
/// \return how many have been told
asio::awaitable<std::int64_t> tell_changed_customers(BillingContext& billing, Instant until);

}  // namespace turnpike
