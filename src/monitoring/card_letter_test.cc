#include "monitoring/card_letter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "json/value.h"
#include "monitoring/testing.h"

namespace turnpike {
namespace {

using std::chrono::days;

class CardLetterTest : public MonitoringTest {
protected:
    struct Written {
        std::string recipient;
        Json values;
    };
    std::vector<Written> written() {
        std::vector<Written> letters;
        for (const auto& row : db().read_blocking([](sql::Transaction& tx) {
                 return tx.all(
                     "SELECT recipient, data FROM notices WHERE kind = 'card_expiring' "
                     "ORDER BY id");
             }))
            letters.push_back({row.text(0), *parse_json(row.text(1))});
        return letters;
    }
    /// The customer gives another card, or the bank a new one of the same number.
    void replace_card(const Subscription& of, const char* id, Instant good_until) {
        run_sql(
            "UPDATE default_cards SET provider_method_id = $2, last4 = '4444', expires_at = $3 "
            "WHERE customer_id = $1",
            {of.customer, id, good_until});
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, CardLetterTest, sql::both_engines(), sql::engine_name);

// Charged on 2026-03-22, twenty days after kWatchNow; the card is over on the 16th.
TEST_P(CardLetterTest, WhoseCardEndsBeforeTheChargeIsToldOnce) {
    card(subscribe({"alice"}), kWatchNow + days(14));
    card(subscribe({"bob"}), kWatchNow + days(50));
    pass(kWatchNow);
    pass(kWatchNow + days(1));
    const auto letters = written();
    ASSERT_EQ(letters.size(), 1);
    EXPECT_EQ(letters[0].recipient, "alice@example.com");
    EXPECT_EQ(to_text(letters[0].values),
              R"({"day":"22 March 2026","good_until":"15 March 2026","greeting":"",)"
              R"("last4":"4242","plan":"PRO"})");
}

TEST_P(CardLetterTest, OneThatIsNotGoodAnyMoreSaysSinceWhen) {
    card(subscribe({"alice"}), kWatchNow - days(1));
    pass(kWatchNow);
    const auto letters = written();
    ASSERT_EQ(letters.size(), 1);
    EXPECT_EQ(letters[0].values.value("not_good_since", ""), "1 March 2026");
    EXPECT_FALSE(letters[0].values.contains("good_until"));
}

TEST_P(CardLetterTest, TheNextPeriodTellsNothingNewOfTheSameCard) {
    const auto made = subscribe({"alice"});
    card(made, kWatchNow + days(14));
    pass(kWatchNow);
    run_sql("UPDATE subscriptions SET period_start = period_end, period_end = $2 WHERE id = $1",
            {made.id, made.period.end + days(31)});
    EXPECT_EQ(pass(kWatchNow + days(20)).opened, 1);
    EXPECT_EQ(written().size(), 1);
}

TEST_P(CardLetterTest, AnotherCardThatEndsTooIsToldOf) {
    const auto made = subscribe({"alice"});
    card(made, kWatchNow + days(14));
    pass(kWatchNow);
    replace_card(made, "pm_other", kWatchNow + days(15));
    pass(kWatchNow + days(1));
    ASSERT_EQ(written().size(), 2);
    EXPECT_EQ(written()[1].values.value("last4", ""), "4444");
    // A good one, and then the same one again.
    replace_card(made, "pm_good", kWatchNow + days(400));
    EXPECT_EQ(pass(kWatchNow + days(2)).closed, 1);
    replace_card(made, "pm_other", kWatchNow + days(15));
    EXPECT_EQ(pass(kWatchNow + days(3)).opened, 1);
    EXPECT_EQ(written().size(), 2);
}

TEST_P(CardLetterTest, WhoWantsNoneGetsNone) {
    const auto made = subscribe({"alice"});
    card(made, kWatchNow + days(14));
    run_sql(
        "INSERT INTO notice_opt_outs (recipient, customer_id, kind, created_at) "
        "VALUES ('alice@example.com', $1, 'card_expiring', 0)",
        {made.customer});
    EXPECT_EQ(pass(kWatchNow).opened, 1);
    EXPECT_TRUE(written().empty());
}

}  // namespace
}  // namespace turnpike
