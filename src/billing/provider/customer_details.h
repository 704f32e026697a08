#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "billing/provider/context.h"
#include "billing/provider/pass_log.h"
#include "customers/customer.h"
#include "customers/provider_link.h"
#include "sql/sql.h"

namespace turnpike {

/// The name and e-mail that the provider has yet to be told.
struct OwedDetails {
    Customer customer;
    UntoldDetails untold;
};
/// nullopt when the provider knows everything, or does not know the customer at all.
std::optional<OwedDetails> details_owed(sql::Transaction& tx, const CustomerId& customer,
                                        std::string_view provider);

/// Tells the provider the name and e-mail that a customer has now, if they have changed since it
/// was told last; its invoices show them. What the provider refuses for good (an address that it
/// does not take) is logged and given up.
/// \return false, and a line in the log, when the provider cannot be told now: it is still owed,
///         and tell_changed_customers repeats it
asio::awaitable<bool> tell_customer_details(BillingContext& billing, CustomerId customer);
/// The same for what has been found owed already.
asio::awaitable<bool> tell_owed_details(BillingContext& billing, OwedDetails owed);

/// tell_customer_details for customers who changed until `until`, a bounded number at a time.
/// \return how many have been told
asio::awaitable<std::int64_t> tell_changed_customers(BillingContext& billing, Instant until,
                                                     PassLog& log);

}  // namespace turnpike
