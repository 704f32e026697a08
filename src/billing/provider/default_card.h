#pragma once

#include <cstdint>
#include <string_view>

#include "billing/provider/context.h"

namespace turnpike {

/// Keeps `default_cards` near what the provider says: the cards of customers whose subscription is
/// charged again within five weeks and whose card was never looked at, or not for a week. Only
/// where the provider charges methods on file; a few at a time. Where its answer cannot be read,
/// what was known stays for the week; where it cannot be reached, it is left alone for now.
/// \return how many were looked at
asio::awaitable<std::int64_t> refresh_default_cards(BillingContext& billing, Instant now);

/// Looks at the one of this customer, unless it was lately; where it cannot be, nothing happens.
asio::awaitable<void> see_default_card(BillingContext& billing, CustomerId customer);

/// It has changed, or may have: the provider is asked again soon, and what it was asked until `now`
/// is not believed.
void forget_default_card(sql::Transaction& tx, const CustomerId& customer,
                         std::string_view provider, Instant now);
/// The same for the provider's id of a customer; for one that is not ours, nothing.
void forget_default_card_of(sql::Transaction& tx, std::string_view provider,
                            std::string_view provider_customer, Instant now);

/// The beginning of the month after this one, UTC; nullopt where the card has no end (month 0).
std::optional<Instant> card_good_until(int exp_month, int exp_year);

}  // namespace turnpike
