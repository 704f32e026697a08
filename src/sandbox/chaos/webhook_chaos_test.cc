#include "sandbox/chaos/webhook_chaos.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.h"
#include "sandbox/chaos/plan.h"
#include "sandbox/chaos/testing.h"

namespace turnpike::twin {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre, ::testing::IsEmpty;
using Types = std::vector<std::string>;

/// Webhooks of one endpoint, queued by type: the body of each is its event's type.
class WebhookChaos : public ::testing::Test {
protected:
    void plan(const char* rules) {
        const auto body = parse_json(R"({"seed": 1, "rules": )" + std::string(rules) + "}");
        auto plan = read_plan(*body);
        ASSERT_TRUE(plan) << plan.error().message;
        plan_ = *std::move(plan);
    }
    void queue(const Types& types) {
        database_->write_blocking([&](sql::Transaction& tx) {
            for (const auto& type : types)
                add_delivery(tx,
                             {.id = "wd_" + std::to_string(++queued_),
                              .account = "acct",
                              .endpoint = "we_1",
                              .event = "evt_" + std::to_string(queued_),
                              .body = type},
                             now_);
            return true;
        });
    }
    /// What leaves at once, as "type" or "type: misfortune"; answered with `status`.
    Types leave(int status = 200) {
        return database_->write_blocking([&](sql::Transaction& tx) {
            Types left;
            for (const auto& sending : next_sendings(tx, plan_, mailbox_, now_)) {
                const auto& misfortune = sending.misfortune;
                left.push_back(
                    sending.delivery.body +
                    (misfortune ? ": " + std::string(name_of(misfortune->misfortune)) : ""));
                const auto again = status == 200 ? std::optional<Instant>() : now_;
                save_attempt(tx, sending.delivery, {.tried_at = now_, .status = status, .note = {}},
                             again);
            }
            return left;
        });
    }
    /// All that leaves without time passing, one after the other.
    Types all() {
        Types all;
        for (auto left = leave(); !left.empty(); left = leave())
            all.insert(all.end(), left.begin(), left.end());
        return all;
    }
    void pass(milliseconds time) { now_ += time; }

    ChaosPlan plan_;
    std::unique_ptr<sql::Database> database_ = testing::chaos_database();
    Instant now_ = from_unix_seconds(1'800'000'000);
    Mailbox mailbox_{.endpoint = "we_1",
                     .url = "http://localhost/hook",
                     .type_of = [](const Delivery& delivery) { return delivery.body; }};
    int queued_ = 0;
};

TEST_F(WebhookChaos, LeavesTheOthersAlone) {
    plan(R"([{"webhook": "b", "do": "drop"}])");
    queue({"a", "b", "c", "b"});
    EXPECT_THAT(all(), ElementsAre("a", "c", "b"));
}

TEST_F(WebhookChaos, StrikesOneTryAndNotTheNext) {
    for (const char* const name :
         {"duplicate", "timeout", "truncate", "old_secret", "wrong_signature", "old_version"}) {
        plan((R"([{"webhook": "*", "do": ")" + std::string(name) + R"("}])").c_str());
        database_->write_blocking([&](sql::Transaction& tx) {
            clear_chaos(tx, now_);
            return true;
        });
        queue({"a"});
        EXPECT_THAT(leave(400), ElementsAre(std::string("a: ") + name));
        EXPECT_THAT(leave(), ElementsAre("a"));
    }
}

TEST_F(WebhookChaos, ATryThatWasCutOffMeetsTheSameAgain) {
    plan(R"([{"webhook": "*", "do": "truncate"}])");
    queue({"a"});
    const auto look = [&] {
        return database_->write_blocking(
            [&](sql::Transaction& tx) { return next_sendings(tx, plan_, mailbox_, now_); });
    };
    for (int i = 0; i < 3; ++i) {
        const auto sendings = look();
        ASSERT_EQ(sendings.size(), 1U);
        ASSERT_TRUE(sendings[0].misfortune);
        EXPECT_EQ(sendings[0].misfortune->misfortune, Misfortune::Truncate);
    }
}

TEST_F(WebhookChaos, ADelayedOneIsOvertaken) {
    plan(R"([{"webhook": "a", "do": "delay", "wait_ms": 500}])");
    queue({"a", "b"});
    EXPECT_THAT(all(), ElementsAre("b"));
    pass(milliseconds(499));
    EXPECT_THAT(all(), IsEmpty());
    pass(milliseconds(1));
    EXPECT_THAT(all(), ElementsAre("a"));
}

TEST_F(WebhookChaos, AReorderedOneComesAfterTheNext) {
    plan(R"([{"webhook": "*", "do": "reorder", "wait_ms": 500}])");
    queue({"a", "b", "c"});
    EXPECT_THAT(all(), ElementsAre("b", "a", "c"));
}

TEST_F(WebhookChaos, AReorderedOneDoesNotWaitForEver) {
    plan(R"([{"webhook": "*", "do": "reorder", "wait_ms": 500}])");
    queue({"a"});
    EXPECT_THAT(all(), IsEmpty());
    pass(milliseconds(500));
    EXPECT_THAT(all(), ElementsAre("a"));
}

TEST_F(WebhookChaos, FollowsAnOrderOfTypes) {
    plan(R"([{"webhook": "*", "do": "reorder", "order": ["c", "b", "a", "b"]}])");
    queue({"a", "b", "x", "b"});
    EXPECT_THAT(all(), ElementsAre("x"));
    queue({"c", "a"});
    EXPECT_THAT(all(), ElementsAre("c", "b", "a", "b", "a"));
    queue({"a", "c"});
    EXPECT_THAT(all(), ElementsAre("a", "c")) << "one round, unless more were asked for";
}

TEST_F(WebhookChaos, GivesUpAnOrderWhenAnEventDoesNotCome) {
    plan(R"([{"webhook": "*", "do": "reorder", "order": ["c", "b", "a"], "wait_ms": 500}])");
    queue({"a", "b"});
    EXPECT_THAT(all(), IsEmpty());
    pass(milliseconds(500));
    EXPECT_THAT(all(), ElementsAre("a", "b"));
    queue({"b", "a"});
    EXPECT_THAT(all(), ElementsAre("b", "a"));
}

TEST_F(WebhookChaos, ABurstLeavesSideBySide) {
    plan(R"([{"webhook": "*", "do": "burst", "count": 3, "wait_ms": 500}])");
    queue({"a", "b"});
    EXPECT_THAT(leave(), IsEmpty());
    queue({"c", "d"});
    EXPECT_THAT(leave(), ElementsAre("a", "b", "c"));
    EXPECT_THAT(leave(), ElementsAre("d"));
}

TEST_F(WebhookChaos, AnIncompleteBurstLeavesAfterItsTime) {
    plan(R"([{"webhook": "*", "do": "burst", "count": 3, "wait_ms": 500}])");
    queue({"a", "b"});
    EXPECT_THAT(leave(), IsEmpty());
    pass(milliseconds(500));
    EXPECT_THAT(leave(), ElementsAre("a", "b"));
}

TEST_F(WebhookChaos, WhatIsHeldGoesWhenThePlanIsCleared) {
    plan(R"([{"webhook": "a", "do": "delay", "wait_ms": 500},
             {"webhook": "*", "do": "burst", "count": 3}])");
    queue({"a", "b"});
    EXPECT_THAT(all(), IsEmpty());
    database_->write_blocking([&](sql::Transaction& tx) {
        clear_chaos(tx, now_);
        return true;
    });
    plan_ = {};
    EXPECT_THAT(all(), ElementsAre("a", "b"));
}

// Same seed, same run: all that is random comes from the seed and the counts.
TEST_F(WebhookChaos, IsTheSameForTheSameSeed) {
    const auto life = [&](std::uint64_t seed) {
        plan_ = random_plan(seed);
        database_ = testing::chaos_database();
        queued_ = 0;
        Types life;
        for (int i = 0; i < 300; ++i) {
            queue({i % 3 == 0 ? "invoice.paid" : "customer.updated"});
            for (const auto& left : all()) life.push_back(left);
            pass(milliseconds(100));
        }
        return life;
    };
    const auto first = life(7);
    EXPECT_EQ(life(7), first);
    EXPECT_NE(life(8), first);
    const auto struck =
        std::ranges::count_if(first, [](const std::string& left) { return left.contains(": "); });
    EXPECT_GT(struck, 0);
}

}  // namespace
}  // namespace turnpike::twin
