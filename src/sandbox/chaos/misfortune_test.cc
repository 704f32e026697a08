#include "sandbox/chaos/misfortune.h"

#include <set>

#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

TEST(Pattern, AStarIsAnyText) {
    struct Case {
        const char* pattern;
        const char* text;
        bool matches;
    };
    for (const Case& c : {Case{"*", "", true},
                          {"*", "invoice.paid", true},
                          {"invoice.paid", "invoice.paid", true},
                          {"invoice.paid", "invoice.paid2", false},
                          {"invoice.*", "invoice.paid", true},
                          {"invoice.*", "invoice_payment.paid", false},
                          {"* /v1/customers", "GET /v1/customers", true},
                          {"* /v1/customers", "GET /v1/customers/cus_1", false},
                          {"POST /v1/invoices/*/pay", "POST /v1/invoices/in_1/pay", true},
                          {"POST /v1/invoices/*/pay", "POST /v1/invoices/in_1/void", false},
                          {"a*a", "a", false},
                          {"a*a", "aa", true},
                          {"*a*b*", "xxaxxbxx", true},
                          {"*a*b*", "xxbxxaxx", false},
                          {"*.failed", "invoice.payment_failed", false},
                          {"*_failed", "invoice.payment_failed", true}})
        EXPECT_EQ(matches_pattern(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
}

TEST(Place, IsTheSameWhateverTheIds) {
    struct Case {
        const char* path;
        const char* place;
    };
    for (const Case& c :
         {Case{"/v1/customers", "POST /v1/customers"},
          {"/v1/customers/cus_Oxff3CZSXtkH81/sources", "POST /v1/customers/{id}/sources"},
          {"/v1/payment_intents/pi_3Q/capture", "POST /v1/payment_intents/{id}/capture"},
          {"/v1/test_helpers/test_clocks/clock_1Q/advance",
           "POST /v1/test_helpers/test_clocks/{id}/advance"},
          {"/v1/subscriptions/sub_00000000000001/cancel", "POST /v1/subscriptions/{id}/cancel"}})
        EXPECT_EQ(place_of_call("POST", c.path), c.place);
}

ChaosPlan at_random(std::uint64_t seed, std::int64_t percent) {
    return {.seed = seed, .rules = {{.about = "*", .next = 0, .percent = percent}}};
}

/// Which of the first `count` occasions at a place are struck.
std::set<std::int64_t> struck(const ChaosPlan& plan, const std::string& place, std::int64_t count) {
    std::set<std::int64_t> struck;
    const std::vector<std::int64_t> strikes(plan.rules.size(), 0);
    for (std::int64_t nth = 1; nth <= count; ++nth) {
        const Occasion occasion{.about = "POST /v1/customers", .place = place, .nth = nth};
        if (choose_rule(plan, strikes, occasion)) struck.insert(nth);
    }
    return struck;
}

TEST(Draw, IsTheSameForTheSameSeedAndPlace) {
    const auto first = struck(at_random(7, 20), "POST /v1/customers", 1'000);
    EXPECT_EQ(struck(at_random(7, 20), "POST /v1/customers", 1'000), first);
    EXPECT_NE(struck(at_random(8, 20), "POST /v1/customers", 1'000), first);
    EXPECT_NE(struck(at_random(7, 20), "POST /v1/refunds", 1'000), first);
}

TEST(Draw, StrikesAboutAsOftenAsThePlanSays) {
    // Of 10,000 draws with p = 0.05 the standard deviation is sqrt(10,000 * 0.05 * 0.95) = 22;
    // seven of them on either side.
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto count = struck(at_random(seed, 5), "POST /v1/customers", 10'000).size();
        EXPECT_GT(count, 500U - 154U) << seed;
        EXPECT_LT(count, 500U + 154U) << seed;
    }
    EXPECT_EQ(struck(at_random(1, 100), "GET /v1/events", 100).size(), 100U);
}

TEST(Rules, StrikeTheNextOnesAndInTheirOrder) {
    const ChaosPlan plan{
        .rules = {{.about = "POST /v1/subscriptions", .misfortune = Misfortune::Error, .next = 2},
                  {.about = "* /v1/*", .misfortune = Misfortune::Delay, .next = 1},
                  {.traffic = Traffic::Webhooks, .about = "*", .misfortune = Misfortune::Drop}}};
    const Occasion subscribing{.about = "POST /v1/subscriptions", .place = "a"};
    const Occasion looking{.about = "GET /v1/subscriptions", .place = "b"};
    const std::vector<std::int64_t> fresh{0, 0, 0}, used{2, 0, 0}, all_used{2, 1, 0};
    EXPECT_EQ(choose_rule(plan, fresh, subscribing), 0U);
    EXPECT_EQ(choose_rule(plan, fresh, subscribing, 1), 1U);
    EXPECT_EQ(choose_rule(plan, fresh, looking), 1U);
    EXPECT_EQ(choose_rule(plan, used, subscribing), 1U);
    EXPECT_EQ(choose_rule(plan, all_used, subscribing), std::nullopt);
}

TEST(Rules, AreAboutAnEndpointByIdOrAddress) {
    const Occasion occasion{.traffic = Traffic::Webhooks,
                            .about = "invoice.paid",
                            .endpoint = {"we_1", "http://127.0.0.1:4242/hook"}};
    ChaosRule rule{.traffic = Traffic::Webhooks, .about = "invoice.*"};
    for (const char* const endpoint : {"*", "we_1", "*:4242/*"}) {
        rule.endpoint = endpoint;
        EXPECT_TRUE(is_about(rule, occasion)) << endpoint;
    }
    for (const char* const endpoint : {"we_2", "*/other"}) {
        rule.endpoint = endpoint;
        EXPECT_FALSE(is_about(rule, occasion)) << endpoint;
    }
}

}  // namespace
}  // namespace turnpike::twin
