#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
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

/// Name or e-mail have changed: every provider that knows the customer must be told.
void mark_provider_copies_behind(sql::Transaction& tx, const CustomerId& customer, Instant now);

/// That a provider has not been told the newest name and e-mail of a customer.
struct UntoldDetails {
    std::string provider_customer;  ///< provider's id
    std::int64_t revision = 1;      ///< names what it is to be told; rises with each change
};
/// nullopt when the provider knows everything, or does not know the customer at all.
std::optional<UntoldDetails> find_untold_details(sql::Transaction& tx, const CustomerId& customer,
                                                 std::string_view provider);
/// Behind since `until` or longer, longest first.
std::vector<CustomerId> customers_behind(sql::Transaction& tx, std::string_view provider,
                                         Instant until, int limit);
/// The provider has been told this revision. When there is a later one, what was told now may have
/// arrived after it: the provider is behind again, with one more revision to be told.
void mark_details_told(sql::Transaction& tx, const CustomerId& customer, std::string_view provider,
                       std::int64_t revision, Instant now);

}  // namespace turnpike
