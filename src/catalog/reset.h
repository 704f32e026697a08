#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

/// When an allowance begins anew.
struct Reset {
    enum class Kind : std::uint8_t {
        BillingPeriod,
        Day,       ///< UTC
        Week,      ///< ISO: from Monday; UTC
        Month,     ///< of the calendar; UTC
        Lifetime,  ///< never, while the contract lasts
        Rolling,   ///< always: what was used in the last `hours`
    };
    Kind kind = Kind::BillingPeriod;
    std::int32_t hours = 0;  ///< of Rolling, from 1 on; 0 otherwise
    friend auto operator<=>(const Reset&, const Reset&) = default;
};
inline constexpr std::int32_t kRollingHoursMax = 24 * 31;
inline constexpr std::int32_t kRollingDaysMax = 366;

/// "billing_period", "day", "week", "month", "lifetime", "rolling_1h"; whole days are told as such:
/// "rolling_7d".
std::string to_text(const Reset& reset);
/// Also takes whole days in hours ("rolling_24h"), up to kRollingHoursMax.
std::optional<Reset> parse_reset(std::string_view text);

}  // namespace turnpike
