#include "subscriptions/proration.h"

#include <fstream>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/value.h"

namespace turnpike {
namespace {

Money usd(std::int64_t cents) { return {cents, Currency::Usd}; }
Instant second(std::int64_t seconds) { return from_unix_seconds(seconds); }

TEST(Proration, GivesTheShareOfTheTimeThatIsLeft) {
    const Period month{second(0), second(30 * 86'400)};
    struct Case {
        const char* name;
        std::int64_t cents, at_s, expected;
    };
    const Case cases[] = {
        {"at the start, all of it", 2900, 0, 2900},
        {"half way", 2900, 15 * 86'400, 1450},
        {"at the end, nothing", 2900, 30 * 86'400, 0},
        {"a third left", 9900, 20 * 86'400, 3300},
        // 9900 x 1 / 2592000 = 0.0038
        {"one second left of a month", 9900, 30 * 86'400 - 1, 0},
        // 9900 x 131 / 2592000 = 0.50034
        {"just over half a cent", 9900, 30 * 86'400 - 131, 1},
        {"nothing to share", 0, 86'400, 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto share = prorate(usd(c.cents), month, second(c.at_s));
        ASSERT_TRUE(share);
        EXPECT_EQ(share->minor(), c.expected);
    }
}

TEST(Proration, RefusesAMomentOutsideThePeriod) {
    const Period period{second(100), second(200)};
    for (const std::int64_t at : {99, 201}) {
        const auto share = prorate(usd(100), period, second(at));
        ASSERT_FALSE(share);
        EXPECT_EQ(share.error().reason.text(), "proration.outside_period");
    }
    EXPECT_FALSE(prorate(usd(100), {second(5), second(5)}, second(5)));
}

// What Stripe really charged; every recorded proration line. Four of them are exact halves, at 6480
// s of the 2592000 s of a month, which is 1/400: -1000/400 = -2.5 and 1800/400 = 4.5, each towards
// minus infinity; so 3 x 1000/400 = 7.5.
TEST(Proration, ReproducesEveryRecordedAmount) {
    std::ifstream file("tests/golden/stripe/prorations.json");
    const Json vectors = Json::parse(file);
    ASSERT_EQ(vectors.size(), 12);
    for (const Json& v : vectors) {
        SCOPED_TRACE(v.at("description").get<std::string>());
        const Period period{second(v.at("period_start").get<std::int64_t>()),
                            second(v.at("period_end").get<std::int64_t>())};
        const std::int64_t sign = v.at("kind") == "credit" ? -1 : 1;
        const std::int64_t total =
            sign * v.at("unit_amount").get<std::int64_t>() * v.at("quantity").get<std::int64_t>();
        const auto share =
            prorate(usd(total), period, second(v.at("proration_date").get<std::int64_t>()));
        ASSERT_TRUE(share);
        EXPECT_EQ(share->minor(), v.at("amount").get<std::int64_t>());
    }
}

TEST(Proration, UsedAndUnusedAreWithinOneCentOfTheWhole) {
    const bool holds = rc::check([] {
        const Period period{second(1'000'000),
                            second(1'000'000 + *rc::gen::inRange<std::int64_t>(1, 40'000'000))};
        const std::int64_t price = *rc::gen::inRange<std::int64_t>(0, 100'000'000);
        const auto length = (period.end - period.start).count();
        const Instant at = period.start + Duration(*rc::gen::inRange<std::int64_t>(0, length + 1));
        // The used part is the unused part of the mirrored moment.
        const Instant mirrored = period.end - (at - period.start);
        const auto unused = prorate(usd(price), period, at);
        const auto used = prorate(usd(price), period, mirrored);
        RC_ASSERT(unused.has_value() && used.has_value());
        const auto sum = unused->minor() + used->minor();
        RC_ASSERT(sum == price || sum == price - 1);  // two exact halves both round down
        RC_ASSERT(unused->minor() >= 0 && unused->minor() <= price);
    });
    EXPECT_TRUE(holds);
}

// A change that is undone at the same instant is charged and credited once each.
TEST(Proration, ACreditIsTheChargeOrACentMoreForAnExactHalf) {
    const bool holds = rc::check([] {
        const Period period{second(0), second(*rc::gen::inRange<std::int64_t>(1, 40'000'000))};
        const std::int64_t price = *rc::gen::inRange<std::int64_t>(0, 10'000'000);
        const auto length = (period.end - period.start).count();
        const auto left = *rc::gen::inRange<std::int64_t>(0, length + 1);
        const Instant at = period.end - Duration(left);
        const auto charge = prorate(usd(price), period, at);
        const auto credit = prorate(usd(-price), period, at);
        RC_ASSERT(charge.has_value() && credit.has_value());
        const bool half = Int128{price} * left * 2 % (Int128{length} * 2) == length;
        RC_ASSERT(charge->minor() + credit->minor() == (half ? -1 : 0));
    });
    EXPECT_TRUE(holds);
}

TEST(Proration, TheSignOfAChangeFollowsThePrice) {
    const bool holds = rc::check([] {
        const Period period{second(0), second(*rc::gen::inRange<std::int64_t>(1, 40'000'000))};
        const std::int64_t low = *rc::gen::inRange<std::int64_t>(0, 10'000'000);
        const std::int64_t high = low + *rc::gen::inRange<std::int64_t>(0, 10'000'000);
        const auto length = (period.end - period.start).count();
        const Instant at = period.start + Duration(*rc::gen::inRange<std::int64_t>(0, length + 1));
        RC_ASSERT(prorate(usd(high), period, at)->minor() >=
                  prorate(usd(low), period, at)->minor());
        RC_ASSERT(prorate(usd(-high), period, at)->minor() <=
                  prorate(usd(-low), period, at)->minor());
    });
    EXPECT_TRUE(holds);
}

TEST(Proration, LaterChangesNeverShareMore) {
    const bool holds = rc::check([] {
        const Period period{second(0), second(*rc::gen::inRange<std::int64_t>(1, 40'000'000))};
        const Money price = usd(*rc::gen::inRange<std::int64_t>(0, 10'000'000));
        const auto length = (period.end - period.start).count();
        const auto first = *rc::gen::inRange<std::int64_t>(0, length + 1);
        const auto later = *rc::gen::inRange<std::int64_t>(first, length + 1);
        RC_ASSERT(prorate(price, period, period.start + Duration(later))->minor() <=
                  prorate(price, period, period.start + Duration(first))->minor());
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace turnpike
