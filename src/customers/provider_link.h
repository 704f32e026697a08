#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "sql/sql.h"

namespace turnpike {

/// The customer's name at a provider.
std::optional<std::string> find_provider_customer(sql::Transaction& tx, const CustomerId& customer,
                                                  std::string_view provider);
std::optional<CustomerId> find_customer_of_provider(sql::Transaction& tx, std::string_view provider,
                                                    std::string_view provider_customer);
/// Keeps the link for good; linking the same pair again changes nothing. False, and no change, when
/// either side is linked to another.
bool link_provider_customer(sql::Transaction& tx, const CustomerId& customer,
                            std::string_view provider, std::string_view provider_customer);

}  // namespace turnpike
