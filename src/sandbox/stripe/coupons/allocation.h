#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// How one discount is shared out over the lines of a bill. Pure. Amounts are minor units of one
/// currency and not negative; the answer has one part per amount, none larger than its amount.
namespace turnpike::twin {

/// Percents have four decimals: this is 100 %.
inline constexpr std::int64_t kWholePercent = 1'000'000;

/// What a percentage takes off: of each amount, rounded half up.
///
/// \param percent  0..kWholePercent
std::vector<std::int64_t> percent_parts(std::span<const std::int64_t> amounts,
                                        std::int64_t percent);

/// Shares `off` out in proportion to the amounts. Each in turn takes its share of what is left,
/// rounded down, so that the last one takes the rest: 500 off 1000 and 2000 is 166 and 334, as in
/// Stripe's documentation. The parts add up to `off`, or to the amounts where these are less.
///
/// \param off  not negative
std::vector<std::int64_t> amount_parts(std::span<const std::int64_t> amounts, std::int64_t off);

}  // namespace turnpike::twin
