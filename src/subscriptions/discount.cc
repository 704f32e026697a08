#include "subscriptions/discount.h"

#include <array>
#include <utility>

namespace turnpike {
namespace {

constexpr auto kDurationTexts = std::to_array<std::pair<DiscountDuration, std::string_view>>({
    {DiscountDuration::Once, "once"},
    {DiscountDuration::Repeating, "repeating"},
    {DiscountDuration::Forever, "forever"},
    {DiscountDuration::Unread, "unread"},
});

}  // namespace

std::string_view to_text(DiscountDuration duration) {
    for (const auto& [value, text] : kDurationTexts)
        if (value == duration) return text;
    std::unreachable();
}

std::optional<DiscountDuration> parse_discount_duration(std::string_view text) {
    for (const auto& [value, known] : kDurationTexts)
        if (known == text) return value;
    return std::nullopt;
}

bool runs_at(const Discount& discount, Instant at) {
    const bool has_begun = !discount.starts_at || *discount.starts_at <= at;
    return has_begun && (!discount.ends_at || at < *discount.ends_at);
}

}  // namespace turnpike
