#pragma once

#include <string_view>
#include <variant>

#include "base/error.h"
#include "base/id.h"
#include "sql/sql.h"

namespace turnpike {

/// A provider keeps a customer in the currency that he first paid in there, and so do we: no
/// invoice could have lines in two. What has moved away from a provider was paid there, too.
/// Stands before whatever sells a price or takes it to another provider.
/// Errors: Conflict "subscription.currency_fixed".
Result<std::monostate> check_currency(sql::Transaction& tx, const CustomerId& customer,
                                      std::string_view provider, const PriceId& price);

}  // namespace turnpike
