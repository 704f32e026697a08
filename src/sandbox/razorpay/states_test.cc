#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using testing::kDay;
using testing::TwinUnderTest;

/// A subscription in one of the states, by what a client and its customer can do.
std::string subscription_in(TwinUnderTest& twin, const std::string& state) {
    const auto plan = twin.plan();
    const auto in = [&](std::int64_t days) {
        return std::to_string(1'799'562'600 + days * kDay);  // 2027-01-10T06:30:00Z
    };
    if (state == "created") return twin.subscription(plan);
    if (state == "authenticated")
        return twin.active_subscription(plan, R"(, "start_at": )" + in(5));
    if (state == "expired") {
        const auto id = twin.subscription(plan, R"(, "expire_by": )" + in(1));
        twin.advance(kDay);
        return id;
    }
    if (state == "completed") {
        const auto id = text_of(
            twin.post("/v1/subscriptions", R"({"plan_id": ")" + plan + R"(", "total_count": 1})")
                .body,
            "id");
        twin.submit("/p/subscription/" + id, "action=authorise");
        return id;
    }
    const auto id = twin.active_subscription(plan);
    if (state == "paused") twin.post("/v1/subscriptions/" + id + "/pause");
    if (state == "cancelled") twin.post("/v1/subscriptions/" + id + "/cancel");
    if (state == "pending" || state == "halted") {
        twin.let_charges(id, "fail");
        twin.advance((state == "pending" ? 31 : 35) * kDay);
    }
    return id;
}

struct Move {
    const char* name;
    const char* path;  ///< after the subscription's; "": PATCH of the subscription itself
    const char* body;
};
constexpr Move kMoves[] = {
    {"cancel", "/cancel", ""},
    {"cancel at the end", "/cancel", R"({"cancel_at_cycle_end": 1})"},
    {"pause", "/pause", R"({"pause_at": "now"})"},
    {"resume", "/resume", R"({"resume_at": "now"})"},
    {"update", "", R"({"quantity": 2})"},
    {"update at the end", "", R"({"quantity": 2, "schedule_change_at": "cycle_end"})"},
    {"addon", "/addons", R"({"item": {"name": "A", "amount": 100, "currency": "INR"}})"},
};

// Which moves Razorpay's documentation allows in which state, and where they lead; "-": refused.
TEST(RazorpayStates, AllowWhatIsDocumentedAndNothingElse) {
    struct Case {
        const char* state;
        const char* after[std::size(kMoves)];
    };
    const Case cases[] = {
        {"created", {"cancelled", "-", "-", "-", "-", "-", "created"}},
        {"authenticated",
         {"cancelled", "-", "cancelled", "-", "authenticated", "-", "authenticated"}},
        {"active", {"cancelled", "active", "paused", "-", "active", "active", "active"}},
        {"pending", {"cancelled", "pending", "-", "-", "-", "-", "pending"}},
        {"halted", {"cancelled", "halted", "-", "-", "-", "-", "halted"}},
        {"paused", {"cancelled", "-", "-", "active", "-", "-", "paused"}},
        {"cancelled", {"-", "-", "-", "-", "-", "-", "-"}},
        {"completed", {"-", "-", "-", "-", "-", "-", "-"}},
        {"expired", {"-", "-", "-", "-", "-", "-", "-"}},
    };
    for (const Case& c : cases) {
        std::optional<TwinUnderTest> twin;
        std::string id;
        for (std::size_t i = 0; i < std::size(kMoves); ++i) {
            const Move& move = kMoves[i];
            SCOPED_TRACE(std::string(c.state) + ": " + move.name);
            if (!twin) id = subscription_in(twin.emplace(), c.state);
            ASSERT_EQ(twin->look(id).at("status"), c.state);
            const auto path = "/v1/subscriptions/" + id + move.path;
            const auto reply =
                *move.path == '\0' ? twin->patch(path, move.body) : twin->post(path, move.body);
            const std::string after = c.after[i];
            EXPECT_EQ(reply.status, after == "-" ? 400 : 200) << reply.text;
            EXPECT_EQ(twin->look(id).at("status"), after == "-" ? c.state : after);
            if (after != "-") twin.reset();
        }
    }
}

// The SDK's cancel without an argument: a form, and nothing in it.
TEST(RazorpayStates, AnEmptyFormCancelsNow) {
    for (const char* form : {"", "cancel_at_cycle_end=0", "cancel_at_cycle_end=false"}) {
        SCOPED_TRACE(form);
        TwinUnderTest twin;
        const auto id = subscription_in(twin, "active");
        EXPECT_EQ(twin.submit("/v1/subscriptions/" + id + "/cancel", form).status, 200);
        EXPECT_EQ(twin.look(id).at("status"), "cancelled");
    }
}

// 29 February in India, and the last days of months: 18:30 UTC of the day before.
TEST(RazorpayStates, CyclesEndOnIndianMidnightsAlsoInLeapYears) {
    TwinUnderTest twin;
    // From 10 January 2027 to 31 January 2028, noon in India, and 29 February a month later.
    twin.advance(366 * kDay);
    twin.advance(20 * kDay);
    const auto yearly = twin.plan(R"({"period": "yearly", "interval": 1, "item":
        {"name": "Year", "amount": 50000, "currency": "INR"}})");
    const auto monthly = twin.active_subscription(twin.plan());
    const auto end_of = [&](const std::string& id) {
        return format_rfc3339(from_unix_seconds(integer_of(twin.look(id), "current_end")));
    };
    EXPECT_EQ(end_of(monthly), "2028-02-28T18:30:00Z");  // 29 February
    twin.advance(29 * kDay);
    EXPECT_EQ(end_of(monthly), "2028-03-30T18:30:00Z");  // 31 March
    const auto leap = twin.active_subscription(yearly);
    EXPECT_EQ(end_of(leap), "2029-02-27T18:30:00Z");  // 28 February
    EXPECT_EQ(integer_of(twin.look(leap), "current_end") % 86'400, 66'600);
    twin.advance(365 * kDay);
    EXPECT_EQ(end_of(leap), "2030-02-27T18:30:00Z");
    EXPECT_EQ(twin.look(leap).at("paid_count"), 2);
}

// As documented: what was paused and when is told, by whom no more.
TEST(RazorpayStates, WhatWasResumedSaysWhenItWasPaused) {
    testing::TwinUnderTest twin;
    const auto path = "/v1/subscriptions/" + twin.active_subscription(twin.plan());
    const auto paused = twin.post(path + "/pause").body;
    EXPECT_EQ(paused.at("pause_initiated_by"), "self");
    twin.advance(testing::kDay);
    const auto resumed = twin.post(path + "/resume").body;
    EXPECT_EQ(resumed.at("status"), "active");
    EXPECT_EQ(resumed.at("paused_at"), paused.at("paused_at"));
    EXPECT_TRUE(resumed.at("pause_initiated_by").is_null());
}

TEST(RazorpayStates, TheLastEventHoldsTheLastPayment) {
    testing::TwinUnderTest twin;
    twin.listen();
    const Json both = Json::array({"subscription", "payment"});
    const auto plan = twin.plan();
    const auto cancelled = twin.active_subscription(plan);
    twin.post("/v1/subscriptions/" + cancelled + "/cancel");
    EXPECT_EQ(twin.last_event().at("event"), "subscription.cancelled");
    EXPECT_EQ(twin.last_event().at("contains"), both);
    const auto made =
        twin.post("/v1/subscriptions", R"({"plan_id": ")" + plan + R"(", "total_count": 1})");
    const auto id = text_of(made.body, "id");
    twin.submit("/p/subscription/" + id, "action=authorise");
    const auto completed = twin.last_event();
    EXPECT_EQ(completed.at("event"), "subscription.completed");
    EXPECT_EQ(completed.at("contains"), both);
    EXPECT_EQ(completed.at("payload").at("payment").at("entity").at("status"), "captured");
    // Nobody has ever paid for this one.
    twin.post("/v1/subscriptions/" + twin.subscription(plan) + "/cancel");
    EXPECT_EQ(twin.last_event().at("contains"), Json::array({"subscription"}));
}

}  // namespace
}  // namespace turnpike::twin::razorpay
