#include "subscriptions/subscription.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(SubscriptionStatus, EveryStatusHasItsWordAndItsMeaning) {
    struct Case {
        SubscriptionStatus status;
        const char* text;
        bool access, terminal;
    };
    const Case cases[] = {
        {SubscriptionStatus::Creating, "creating", false, false},
        {SubscriptionStatus::Incomplete, "incomplete", false, false},
        {SubscriptionStatus::IncompleteExpired, "incomplete_expired", false, true},
        {SubscriptionStatus::Trialing, "trialing", true, false},
        {SubscriptionStatus::Active, "active", true, false},
        {SubscriptionStatus::PastDue, "past_due", true, false},
        {SubscriptionStatus::Unpaid, "unpaid", false, false},
        {SubscriptionStatus::Paused, "paused", false, false},
        {SubscriptionStatus::Canceled, "canceled", false, true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(to_text(c.status), c.text);
        EXPECT_EQ(parse_subscription_status(c.text), c.status);
        EXPECT_EQ(grants_access(c.status), c.access);
        EXPECT_EQ(is_terminal(c.status), c.terminal);
    }
}

TEST(SubscriptionStatus, OtherWordsAreNoStatus) {
    for (const char* text : {"", "Active", "cancelled", "active ", "ended"})
        EXPECT_EQ(parse_subscription_status(text), std::nullopt) << text;
}

}  // namespace
}  // namespace turnpike
