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
        const auto share = prorate(usd(c.cents), month, second(c.at_s), Rounding::HalfUp);
        ASSERT_TRUE(share);
        EXPECT_EQ(share->minor(), c.expected);
    }
}

TEST(Proration, RefusesAMomentOutsideThePeriod) {
    const Period period{second(100), second(200)};
    for (const std::int64_t at : {99, 201}) {
        const auto share = prorate(usd(100), period, second(at), Rounding::HalfUp);
        ASSERT_FALSE(share);
        EXPECT_EQ(share.error().reason.text(), "proration.outside_period");
    }
    EXPECT_FALSE(prorate(usd(100), {second(5), second(5)}, second(5), Rounding::HalfUp));
}

// What Stripe really charged; every recorded proration line.
TEST(Proration, ReproducesEveryRecordedAmount) {
    std::ifstream file("tests/golden/stripe/prorations.json");
    const Json vectors = Json::parse(file);
    ASSERT_EQ(vectors.size(), 5);
    for (const Json& v : vectors) {
        SCOPED_TRACE(v.at("description").get<std::string>());
        const Period period{second(v.at("period_start").get<std::int64_t>()),
                            second(v.at("period_end").get<std::int64_t>())};
        const std::int64_t total =
            v.at("unit_amount").get<std::int64_t>() * v.at("quantity").get<std::int64_t>();
        const auto share =
            prorate(usd(total), period, second(v.at("proration_date").get<std::int64_t>()),
                    Rounding::HalfUp);
        ASSERT_TRUE(share);
        const std::int64_t sign = v.at("kind") == "credit" ? -1 : 1;
        EXPECT_EQ(sign * share->minor(), v.at("amount").get<std::int64_t>());
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
        const auto unused = prorate(usd(price), period, at, Rounding::HalfUp);
        const auto used = prorate(usd(price), period, mirrored, Rounding::HalfUp);
        RC_ASSERT(unused.has_value() && used.has_value());
        const auto sum = unused->minor() + used->minor();
        RC_ASSERT(sum == price || sum == price + 1);  // two exact halves both round up
        RC_ASSERT(unused->minor() >= 0 && unused->minor() <= price);
    });
    EXPECT_TRUE(holds);
}

TEST(Proration, AChangeUndoneAtTheSameInstantCostsNothing) {
    const bool holds = rc::check([] {
        const Period period{second(0), second(*rc::gen::inRange<std::int64_t>(1, 40'000'000))};
        const Money before = usd(*rc::gen::inRange<std::int64_t>(0, 10'000'000));
        const Money after = usd(*rc::gen::inRange<std::int64_t>(0, 10'000'000));
        const auto length = (period.end - period.start).count();
        const Instant at = period.start + Duration(*rc::gen::inRange<std::int64_t>(0, length + 1));
        const auto old_share = prorate(before, period, at, Rounding::HalfUp);
        const auto new_share = prorate(after, period, at, Rounding::HalfUp);
        const Money change = *new_share - *old_share;
        const Money undo = *prorate(before, period, at, Rounding::HalfUp) -
                           *prorate(after, period, at, Rounding::HalfUp);
        RC_ASSERT((change + undo).minor() == 0);
        // And the sign follows the price.
        if (after.minor() >= before.minor()) RC_ASSERT(change.minor() >= 0);
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
        RC_ASSERT(
            prorate(price, period, period.start + Duration(later), Rounding::HalfUp)->minor() <=
            prorate(price, period, period.start + Duration(first), Rounding::HalfUp)->minor());
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace turnpike
