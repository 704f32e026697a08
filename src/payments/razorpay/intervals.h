#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace turnpike::razorpay {

/// How often a plan bills, in Razorpay's words.
struct PlanRhythm {
    std::string period;  ///< "monthly"
    std::int64_t interval = 1;
    bool operator==(const PlanRhythm&) const = default;
};
/// Errors: Unprocessable "razorpay.interval_not_sold".
Result<PlanRhythm> rhythm_of(std::string_view interval, std::int64_t count);

/// The same in the port's words; nullopt for a period that Razorpay has learned since.
struct PortRhythm {
    std::string interval;  ///< "month"
    std::int64_t count = 1;
};
std::optional<PortRhythm> port_rhythm_of(const PlanRhythm& rhythm);

/// Razorpay wants to know how many cycles a subscription has; ours have no end. As many as fit
/// into kYearsAhead, and one at least.
inline constexpr std::int64_t kYearsAhead = 10;
std::int64_t cycles_ahead(const PlanRhythm& rhythm);

}  // namespace turnpike::razorpay
