#include "webhooks/outbox.h"

#include <gtest/gtest.h>

#include "json/value.h"
#include "sql/testing.h"
#include "webhooks/delivery_store.h"
#include "webhooks/endpoint_store.h"

namespace turnpike {
namespace {

class OutboxTest : public sql::DatabaseTest {
protected:
    WebhookEndpointId endpoint(std::vector<std::string> events,
                               EndpointKind kind = EndpointKind::Endpoint) {
        return db().write_blocking([&](sql::Transaction& tx) {
            const WebhookEndpoint made{.id = ids.make<WebhookEndpointId>(now),
                                       .kind = kind,
                                       .target = "https://example.com/",
                                       .description = "",
                                       .events = std::move(events),
                                       .sealed_secret = "",
                                       .sealed_previous = "",
                                       .created_at = now,
                                       .updated_at = now};
            insert_endpoint(tx, made);
            return made.id;
        });
    }
    OutboxEventId tell(std::string_view type, const std::string& object,
                       Alerting alerting = Alerting::Yes) {
        return db().write_blocking([&](sql::Transaction& tx) {
            const Json data{{"id", object}};
            return emit(tx, {type, object, "cus_1", data, now, alerting}, ids);
        });
    }
    std::vector<ClaimedDelivery> claim(Instant at, int per_endpoint = 4) {
        return db().write_blocking([&](sql::Transaction& tx) {
            return claim_deliveries(tx, {.now = at,
                                         .lease_end = at + std::chrono::seconds(60),
                                         .per_endpoint_max = per_endpoint,
                                         .limit = 100});
        });
    }
    void finish(const WebhookDelivery& delivery, DeliveryState state, Instant next) {
        EXPECT_TRUE(db().write_blocking(
            [&](sql::Transaction& tx) { return finish_delivery(tx, delivery, state, next); }));
    }
    static std::vector<std::string> objects(const std::vector<ClaimedDelivery>& claimed) {
        std::vector<std::string> texts;
        for (const auto& one : claimed)
            texts.push_back(one.delivery.object + "#" + std::to_string(one.delivery.sequence));
        std::ranges::sort(texts);
        return texts;
    }

    Instant now = from_unix_seconds(1'700'000'000);  // 2023-11-14T22:13:20Z
    SeededIdSource ids{11};
};
INSTANTIATE_TEST_SUITE_P(, OutboxTest, sql::both_engines(), sql::engine_name);
using Texts = std::vector<std::string>;

TEST_P(OutboxTest, NumbersTheEventsOfEachObject) {
    endpoint({"*"});
    tell("invoice.created", "inv_1");
    tell("invoice.created", "inv_2");
    tell("invoice.paid", "inv_1");
    const auto first = claim(now);
    EXPECT_EQ(objects(first), (Texts{"inv_1#1", "inv_2#1"}));
    for (const auto& one : first) {
        if (one.delivery.object != "inv_1") continue;
        EXPECT_EQ(one.body, R"({"type":"invoice.created","timestamp":"2023-11-14T22:13:20Z",)"
                            R"("data":{"id":"inv_1","sequence":1}})");
    }
}

TEST_P(OutboxTest, TellsWhoeverAsksForIt) {
    const auto all = endpoint({"*"});
    const auto paid = endpoint({"invoice.paid", "customer.*"});
    const auto alerts = endpoint({"payment_succeeded"}, EndpointKind::AlertSlack);
    tell("invoice.created", "inv_1");
    tell("invoice.paid", "inv_2");
    std::map<std::string, int> told;
    for (const auto& one : claim(now)) ++told[one.endpoint.id.text()];
    EXPECT_EQ(told[all.text()], 2);
    EXPECT_EQ(told[paid.text()], 1);
    EXPECT_EQ(told[alerts.text()], 1);
}

TEST_P(OutboxTest, PeopleAreNotAlertedOfWhatIsNothingToThem) {
    const auto all = endpoint({"*"});
    const auto slack = endpoint({"payment_succeeded"}, EndpointKind::AlertSlack);
    const auto everything = endpoint({"*"}, EndpointKind::AlertEmail);
    tell("invoice.paid", "inv_1", Alerting::No);
    tell("invoice.paid", "inv_2");
    std::map<std::string, Texts> told;
    for (const auto& one : claim(now)) told[one.endpoint.id.text()].push_back(one.delivery.object);
    for (auto& [id, objects] : told) std::ranges::sort(objects);
    EXPECT_EQ(told[all.text()], (Texts{"inv_1", "inv_2"}));
    EXPECT_EQ(told[slack.text()], Texts{"inv_2"});
    EXPECT_EQ(told[everything.text()], Texts{"inv_2"}) << "all that are alerts";
    const auto events = db().read_blocking([&](sql::Transaction& tx) {
        return events_between(tx, {now, now + std::chrono::seconds(1)}, 10);
    });
    ASSERT_EQ(events.size(), 2U);
    for (const auto& event : events)
        EXPECT_EQ(event.alerting, event.object == "inv_1" ? Alerting::No : Alerting::Yes);
}

TEST_P(OutboxTest, EndpointsThatDoNotAnswerLeaveRoomForTheOthers) {
    std::vector<WebhookEndpointId> silent;
    for (int i = 0; i < 4; ++i) silent.push_back(endpoint({"invoice.*"}));
    for (int i = 0; i < 8; ++i) tell("invoice.paid", "inv_" + std::to_string(i));
    const auto claim_some = [&](int limit) {
        std::map<std::string, int> counts;
        const ClaimRule rule{now, now + std::chrono::seconds(60), 4, limit};
        for (const auto& one :
             db().write_blocking([&](sql::Transaction& tx) { return claim_deliveries(tx, rule); }))
            ++counts[one.endpoint.id.text()];
        return counts;
    };
    for (const auto& [id, count] : claim_some(6)) EXPECT_GE(count, 1) << id;
    EXPECT_EQ(claim_some(6).size(), 4U) << "each has one or two, and gets to three";
    const auto well = endpoint({"customer.*"});
    for (int i = 0; i < 8; ++i) tell("customer.created", "cus_" + std::to_string(i));
    EXPECT_EQ(claim_some(3), (std::map<std::string, int>{{well.text(), 3}}));
}

// Ids that are made in one millisecond are in no order.
TEST_P(OutboxTest, WhatHappenedInOneMomentIsInTheOrderOfItsObject) {
    const auto id = endpoint({"*"});
    constexpr int kEvents = 20;
    for (int i = 0; i < kEvents; ++i) tell("invoice.updated", "inv_1");
    std::vector<std::int64_t> listed;
    PageQuery page{.limit = 6};
    for (int turns = 0; turns < 4; ++turns) {
        auto rows = db().read_blocking(
            [&](sql::Transaction& tx) { return list_deliveries(tx, id, std::nullopt, page); });
        if (rows.size() > 6) rows.erase(rows.begin() + 6, rows.end());
        for (const auto& row : rows) listed.push_back(row.sequence);
        page.after = mark_of(rows.back());
    }
    std::vector<std::int64_t> newest_first;
    for (int i = kEvents; i > 0; --i) newest_first.push_back(i);
    EXPECT_EQ(listed, newest_first);

    std::int64_t expected = 0;
    for (const auto& event : db().read_blocking([&](sql::Transaction& tx) {
             return events_between(tx, {now, now + std::chrono::seconds(1)}, 100);
         }))
        EXPECT_EQ(event.sequence, ++expected);
    // Three tries each, and the next one goes ahead; then all are due at once.
    for (int i = 1; i <= kEvents; ++i)
        for (int tries = 0; tries < 3; ++tries) {
            const auto hand = claim(now);
            ASSERT_EQ(hand.size(), 1U);
            EXPECT_EQ(hand[0].delivery.sequence, i);
            finish(hand[0].delivery, DeliveryState::Pending,
                   tries < 2 ? now : now + std::chrono::minutes(30));
        }
    for (int i = 1; i <= kEvents; ++i) {
        const auto hand = claim(now + std::chrono::minutes(30), 1);
        ASSERT_EQ(hand.size(), 1U);
        EXPECT_EQ(hand[0].delivery.sequence, i);
        finish(hand[0].delivery, DeliveryState::Delivered, now);
    }
}

TEST_P(OutboxTest, AnEventThatWasRolledBackIsNot) {
    endpoint({"*"});
    const auto refused = db().write_blocking([&](sql::Transaction& tx) -> Result<int> {
        const Json data = Json::object();
        emit(tx, {"invoice.paid", "inv_1", "", data, now}, ids);
        return conflict("test.refused", "no");
    });
    EXPECT_FALSE(refused);
    EXPECT_TRUE(claim(now).empty());
    tell("invoice.paid", "inv_1");
    EXPECT_EQ(objects(claim(now)), Texts{"inv_1#1"}) << "no number was lost";
}

TEST_P(OutboxTest, AnObjectsEventsGoInOrderThroughTheFirstThreeTries) {
    endpoint({"*"});
    tell("invoice.created", "inv_1");
    tell("invoice.paid", "inv_1");
    auto hand = claim(now);
    ASSERT_EQ(objects(hand), Texts{"inv_1#1"});
    EXPECT_TRUE(claim(now).empty()) << "the second waits while the first is under way";
    for (int tries = 2; tries <= 3; ++tries) {
        finish(hand[0].delivery, DeliveryState::Pending, now);
        hand = claim(now);
        ASSERT_EQ(objects(hand), Texts{"inv_1#1"});
    }
    finish(hand[0].delivery, DeliveryState::Pending, now + std::chrono::minutes(30));
    EXPECT_EQ(objects(claim(now)), Texts{"inv_1#2"}) << "three tries are enough to wait for";
}

TEST_P(OutboxTest, ALeaseThatEndsIsTakenUpOnce) {
    endpoint({"*"});
    tell("invoice.paid", "inv_1");
    const auto dead = claim(now);
    ASSERT_EQ(dead.size(), 1U);
    EXPECT_TRUE(claim(now + std::chrono::seconds(59)).empty());
    const auto again = claim(now + std::chrono::seconds(60));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].delivery.event, dead[0].delivery.event) << "the same webhook-id";
    const bool late = db().write_blocking([&](sql::Transaction& tx) {
        return finish_delivery(tx, dead[0].delivery, DeliveryState::Delivered, now);
    });
    EXPECT_FALSE(late) << "who has lost it says nothing of it any more";
    finish(again[0].delivery, DeliveryState::Delivered, now);
}

TEST_P(OutboxTest, AnEndpointHasOnlySoManyInHand) {
    endpoint({"*"});
    for (int i = 0; i < 5; ++i) tell("invoice.paid", "inv_" + std::to_string(i));
    EXPECT_EQ(claim(now, 2).size(), 2U);
    EXPECT_TRUE(claim(now, 2).empty());
}

TEST_P(OutboxTest, APausedOrDisabledEndpointIsLeftAlone) {
    const auto id = endpoint({"*"});
    tell("invoice.paid", "inv_1");
    db().write_blocking([&](sql::Transaction& tx) {
        pause_endpoint(tx, id, now + std::chrono::seconds(30));
        return true;
    });
    EXPECT_TRUE(claim(now).empty());
    db().write_blocking([&](sql::Transaction& tx) {
        auto known = *load_endpoint(tx, id);
        EXPECT_EQ(known.paused_until, now + std::chrono::seconds(30));
        known.stop = EndpointStop::ByHand;
        return save_endpoint(tx, known, now);
    });
    EXPECT_TRUE(claim(now + std::chrono::hours(1)).empty());
    tell("invoice.paid", "inv_2");
    db().write_blocking([&](sql::Transaction& tx) {
        auto known = *load_endpoint(tx, id);
        known.stop = EndpointStop::None;
        return save_endpoint(tx, known, now);
    });
    EXPECT_EQ(objects(claim(now + std::chrono::hours(1))), Texts{"inv_1#1"})
        << "what happened while it was disabled is for a replay";
}

TEST_P(OutboxTest, ForgetsWhatEndedLongAgo) {
    endpoint({"*"});
    tell("invoice.paid", "inv_1");
    tell("invoice.paid", "inv_2");
    const auto hand = claim(now);
    ASSERT_EQ(hand.size(), 2U);
    finish(hand[0].delivery, DeliveryState::Delivered, now);
    db().write_blocking([&](sql::Transaction& tx) {
        insert_attempt(tx, hand[0].delivery.id, {.number = 1, .at = now, .status = 200});
        return true;
    });
    const auto purge = [&](Instant moment) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return purge_outbox(tx, moment, 100); });
    };
    EXPECT_EQ(purge(now), 0);
    EXPECT_EQ(purge(now + std::chrono::hours(1)), 2) << "a delivery and its event";
    EXPECT_EQ(objects(claim(now + std::chrono::hours(2))).size(), 1U) << "the other one waits on";
}

}  // namespace
}  // namespace turnpike
