#pragma once

#include <optional>
#include <string>

#include "base/decimal.h"
#include "base/money.h"
#include "base/time.h"

namespace turnpike {

/// What a provider takes off a subscription's bills. With neither percent nor amount: it is there,
/// and its terms were not read.
struct ProviderDiscount {
    std::string id;
    std::optional<std::string> coupon{};    ///< provider's id of what it was made from
    std::string duration;                   ///< Stripe's word: once, repeating, forever
    std::optional<Decimal<4>> percent{};    ///< above 0, 100 at most
    std::optional<Money> amount{};          ///< of each bill
    std::optional<Instant> start{}, end{};  ///< without an end: for good
};

}  // namespace turnpike
