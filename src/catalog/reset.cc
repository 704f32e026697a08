#include "catalog/reset.h"

#include <charconv>
#include <system_error>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kRolling = "rolling_";
constexpr std::int32_t kHoursPerDay = 24;

/// `text` is a number without leading zeros, from 1 to `max`.
std::optional<std::int32_t> parse_count(std::string_view text, std::int32_t max) {
    std::int32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    if (!is_number || count < 1 || count > max || text.front() == '0') return std::nullopt;
    return count;
}

std::optional<Reset> parse_rolling(std::string_view text) {
    if (!text.starts_with(kRolling)) return std::nullopt;
    text.remove_prefix(kRolling.size());
    const bool is_days = text.ends_with('d');
    if (!is_days && !text.ends_with('h')) return std::nullopt;
    text.remove_suffix(1);
    const auto count = parse_count(text, is_days ? kRollingDaysMax : kRollingHoursMax);
    if (!count) return std::nullopt;
    return Reset{Reset::Kind::Rolling, is_days ? *count * kHoursPerDay : *count};
}

}  // namespace

std::string to_text(const Reset& reset) {
    switch (reset.kind) {
        case Reset::Kind::BillingPeriod: return "billing_period";
        case Reset::Kind::Day: return "day";
        case Reset::Kind::Week: return "week";
        case Reset::Kind::Month: return "month";
        case Reset::Kind::Lifetime: return "lifetime";
        case Reset::Kind::Rolling:
            if (reset.hours % kHoursPerDay != 0)
                return std::string(kRolling) + std::to_string(reset.hours) + "h";
            return std::string(kRolling) + std::to_string(reset.hours / kHoursPerDay) + "d";
    }
    check(false, "every reset has a text");
    return {};
}

std::optional<Reset> parse_reset(std::string_view text) {
    using enum Reset::Kind;
    for (const auto kind : {BillingPeriod, Day, Week, Month, Lifetime})
        if (text == to_text(Reset{kind})) return Reset{kind};
    return parse_rolling(text);
}

}  // namespace turnpike
