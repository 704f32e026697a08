#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/money.h"
#include "base/time.h"

namespace turnpike {

/// How long a discount is given: off one bill, until a day, or for good.
enum class DiscountDuration : std::uint8_t {
    Once,
    Repeating,
    Forever,
    Unread,  ///< the provider gives it, and did not say on which terms
};
std::string_view to_text(DiscountDuration duration);  ///< "repeating"
std::optional<DiscountDuration> parse_discount_duration(std::string_view text);

using DiscountPercent = Decimal<4>;

/// What is taken off each bill of one subscription. Of an unread one neither percent nor amount is
/// known, of every other one of them.
struct Discount {
    std::string provider_id;
    std::optional<std::string> coupon{};  ///< the provider's name of what it was made from
    DiscountDuration duration = DiscountDuration::Unread;
    std::optional<DiscountPercent> percent{};
    std::optional<Money> amount{};
    std::optional<Instant> starts_at{}, ends_at{};
    friend bool operator==(const Discount&, const Discount&) = default;
};

/// Its time has come and is not over.
bool runs_at(const Discount& discount, Instant at);

}  // namespace turnpike
