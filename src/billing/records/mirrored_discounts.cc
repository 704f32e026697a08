#include "billing/records/mirrored_discounts.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "subscriptions/discounts.h"

namespace turnpike {
namespace {

Discount translated(const ProviderDiscount& theirs) {
    Discount ours{.provider_id = theirs.id,
                  .coupon = theirs.coupon,
                  .starts_at = theirs.start,
                  .ends_at = theirs.end};
    const auto duration = parse_discount_duration(theirs.duration);
    const bool is_read = duration && *duration != DiscountDuration::Unread;
    if (!is_read || (!theirs.percent && !theirs.amount)) return ours;
    ours.duration = *duration;
    ours.percent = theirs.percent;
    if (!ours.percent) ours.amount = theirs.amount;
    return ours;
}

}  // namespace

std::optional<std::vector<Discount>> changed_discounts(sql::Transaction& tx,
                                                       const SubscriptionId& subscription,
                                                       const ProviderSubscription& theirs) {
    if (!theirs.discounts) return std::nullopt;
    const auto known = load_discounts(tx, subscription);
    std::vector<Discount> told;
    for (const auto& one : *theirs.discounts) {
        auto discount = translated(one);
        const auto before = std::ranges::find(known, one.id, &Discount::provider_id);
        const bool is_unread = discount.duration == DiscountDuration::Unread;
        if (is_unread && before != known.end())
            discount = *before;
        else if (is_unread)
            spdlog::warn("event=discount.not_read subscription={} discount={}", subscription.text(),
                         one.id);
        told.push_back(std::move(discount));
    }
    if (told == known) return std::nullopt;
    return told;
}

}  // namespace turnpike
