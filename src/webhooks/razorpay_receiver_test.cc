#include <map>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "sql/testing.h"
#include "webhooks/api.h"
#include "webhooks/razorpay_events.h"
#include "webhooks/receiver.h"

namespace turnpike {
namespace {

constexpr const char* kOld = "razorpay-before";
constexpr const char* kNew = "razorpay-after";

class RazorpayReceiver : public sql::DatabaseTest {
protected:
    static std::string event(const std::string& subscription, const std::string& more = "") {
        return R"({"entity":"event","account_id":"acc_ours","event":"subscription.charged",)"
               R"("payload":{"subscription":{"entity":{"id":")" +
               subscription + R"("}}}})" + more;
    }
    static http::Request request(const std::string& body, const std::string& id,
                                 const std::string& secret = kNew) {
        http::Request made;
        made.method = http::Method::Post;
        made.path = "/webhooks/razorpay";
        made.body = body;
        made.headers = {{"x-razorpay-signature", to_hex(hmac_sha256(secret, body))}};
        if (!id.empty()) made.headers.emplace_back("x-razorpay-event-id", id);
        return made;
    }
    WebhookReceiver receiver() {
        return {{db(), clock, ids},
                std::make_unique<RazorpayEvents>(*WebhookSecrets::create({kNew, kOld}), "acc_ours"),
                {},
                {}};
    }
    static std::string answer(WebhookReceiver& to, const http::Request& sent) {
        asio::io_context io;
        auto answered = asio::co_spawn(io, to.receive(sent), asio::use_future);
        io.run();
        const auto result = answered.get();
        if (!result) return std::string(result.error().reason.text());
        return std::to_string(result->status);
    }
    std::vector<std::string> stored() {
        std::vector<std::string> ids_told;
        for (const auto& each :
             db().read_blocking([](sql::Transaction& tx) { return list_inbox_events(tx, {}); }))
            ids_told.push_back(each.provider_event_id);
        return ids_told;
    }

    ManualClock clock{from_unix_seconds(1'726'358'400)};
    RandomIdSource ids;
};

// The signature covers the body alone (spec: stripe-razorpay-wire 2), so whoever saw one webhook
// can send it again under an id of his own.
TEST_P(RazorpayReceiver, OneBodyIsOneEventWhateverIdItComesUnder) {
    auto to = receiver();
    EXPECT_EQ(answer(to, request(event("sub_1"), "evt_1")), "200");
    EXPECT_EQ(answer(to, request(event("sub_1"), "evt_1")), "200") << "sent again";
    EXPECT_EQ(answer(to, request(event("sub_1"), "evt_2")), "200") << "replayed";
    EXPECT_EQ(answer(to, request(event("sub_1"), "")), "200");
    EXPECT_EQ(stored(), std::vector<std::string>{"evt_1"});
}

TEST_P(RazorpayReceiver, AnIdThatIsKnownHidesNoOtherEvent) {
    auto to = receiver();
    EXPECT_EQ(answer(to, request(event("sub_1"), "evt_1")), "200");
    EXPECT_EQ(answer(to, request(event("sub_2"), "evt_1")), "200");
    EXPECT_EQ(stored().size(), 2U);
}

TEST_P(RazorpayReceiver, WithoutAnIdItIsCalledByItsHash) {
    auto to = receiver();
    const auto body = event("sub_1");
    EXPECT_EQ(answer(to, request(body, "")), "200");
    EXPECT_EQ(stored(), std::vector<std::string>{"sha256:" + to_hex(sha256(body))});
}

// "After a secret change old events still carry the old secret."
TEST_P(RazorpayReceiver, BothSecretsProveWhileOneIsReplaced) {
    auto to = receiver();
    EXPECT_EQ(answer(to, request(event("sub_1"), "evt_1", kOld)), "200");
    EXPECT_EQ(answer(to, request(event("sub_2"), "evt_2", kNew)), "200");
    EXPECT_EQ(stored().size(), 2U);
}

TEST_P(RazorpayReceiver, StoresNothingThatItCannotTrust) {
    auto to = receiver();
    auto unproven = request(event("sub_1"), "evt_1");
    unproven.headers.clear();
    auto changed = request(event("sub_1"), "evt_1");
    changed.body += " ";
    auto foreign = event("sub_1");
    foreign.replace(foreign.find("acc_ours"), 8, "acc_them");
    struct Case {
        const char* name;
        http::Request sent;
        const char* reason;
    };
    const Case cases[] = {
        {"no signature", unproven, "webhook.bad_signature"},
        {"another byte", changed, "webhook.bad_signature"},
        {"somebody's secret", request(event("sub_1"), "evt_1", "somebody-else"),
         "webhook.bad_signature"},
        {"empty", request("", "evt_1"), "webhook.not_an_event"},
        {"no JSON", request("hello", "evt_1"), "webhook.not_an_event"},
        {"Stripe's", request(R"({"object":"event","id":"evt_1","type":"x"})", "evt_1"),
         "webhook.not_an_event"},
        {"no name", request(R"({"entity":"event","account_id":"acc_ours"})", "evt_1"),
         "webhook.not_an_event"},
        {"another account", request(foreign, "evt_1"), "webhook.wrong_account"},
        {"no account", request(R"({"entity":"event","event":"x"})", "evt_1"),
         "webhook.wrong_account"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(answer(to, c.sent), c.reason);
    }
    EXPECT_TRUE(stored().empty());
    EXPECT_EQ(to.signature_failures(), 3);
}

TEST(WebhookPaths, EachBelongsToOneProvider) {
    EXPECT_EQ(provider_at("/webhooks/razorpay"), "razorpay");
    EXPECT_EQ(provider_at("/api/v1/payments/webhook"), "stripe");
    EXPECT_EQ(provider_at("/webhooks"), "");
}

INSTANTIATE_TEST_SUITE_P(, RazorpayReceiver, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
