#include "webhooks/event_types.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(EventTypes, AreWordsJoinedByDots) {
    for (const auto type : kOutboxEventTypes) {
        SCOPED_TRACE(type);
        EXPECT_TRUE(std::ranges::all_of(
            type, [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '.'; }));
        EXPECT_EQ(std::ranges::count(type, '.'), 1);
    }
    EXPECT_TRUE(std::ranges::is_sorted(kOutboxEventTypes));
}

TEST(EventTypes, APatternTakesATypeANounOrEverything) {
    const struct {
        const char* pattern;
        const char* type;
        bool taken;
    } cases[] = {
        {"*", "invoice.paid", true},
        {"invoice.*", "invoice.paid", true},
        {"invoice.paid", "invoice.paid", true},
        {"invoice.*", "invoice_line.added", false},
        {"invoice.paid", "invoice.payment_failed", false},
        {"subscription.*", "invoice.paid", false},
        {"webhook.*", "webhook_endpoint.disabled", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.pattern) + " " + c.type);
        EXPECT_EQ(matches(std::vector<std::string>{c.pattern}, c.type), c.taken);
    }
    for (const char* const bad : {"", "invoice", "invoice.", "invoice.pai", ".*", "i*", "**"})
        EXPECT_FALSE(is_event_pattern(bad)) << bad;
    EXPECT_TRUE(is_event_pattern("payment_method.*"));
}

TEST(EventTypes, EveryAlertHasAnEvent) {
    for (const auto alert : kAlertNames) {
        SCOPED_TRACE(alert);
        EXPECT_TRUE(std::ranges::any_of(
            kOutboxEventTypes, [&](std::string_view type) { return alert_of(type) == alert; }));
    }
    EXPECT_EQ(alert_of("customer.created"), std::nullopt);
}

}  // namespace
}  // namespace turnpike
