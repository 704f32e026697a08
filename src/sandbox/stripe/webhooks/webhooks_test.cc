#include "sandbox/stripe/webhooks/webhooks.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sandbox/deliveries.h"
#include "sandbox/stripe/testing/testing.h"
#include "sandbox/stripe/webhooks/signature.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TwinUnderTest;
using ::testing::UnorderedElementsAre;

// Computed with Python: hmac.new(b'whsec_test_secret', b'1700000000.{"id":"evt_1"}', sha256), and
// with b'whsec_old'.
TEST(StripeSignature, IsTheHmacOfTimeDotBodyForEachSecret) {
    const std::vector<std::string> secrets{"whsec_test_secret", "whsec_old"};
    const auto header = stripe_signature(secrets, 1'700'000'000, R"({"id":"evt_1"})");
    const std::string expected =
        "t=1700000000,"
        "v1=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a,"
        "v1=ef1b1b7e4b312671a75ef2a03e10529f7834a6528a49db77ad6568c8c8017843,v0=";
    EXPECT_EQ(header.substr(0, expected.size()), expected);
    EXPECT_EQ(header.size(), expected.size() + 64);
    EXPECT_NE(header.substr(expected.size()),
              "248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a");
}

class Webhooks : public ::testing::Test {
protected:
    Json listen(const std::string& more = "&enabled_events[]=*") {
        const auto made =
            twin_.post("/v1/webhook_endpoints", "url=http%3A%2F%2F127.0.0.1%3A1%2Fhook" + more);
        EXPECT_EQ(made.status, 200) << made.text;
        return made.body;
    }
    static std::string id_of(const Json& object) { return object.at("id").get<std::string>(); }
    std::string roll(const Json& endpoint, const std::string& form) {
        const auto rolled =
            twin_.post("/_sandbox/webhook_endpoints/" + id_of(endpoint) + "/roll_secret", form);
        EXPECT_EQ(rolled.status, 200) << rolled.text;
        return rolled.body.at("secret").get<std::string>();
    }
    /// What is due, newest first for each endpoint.
    std::vector<Delivery> due() {
        const auto now = twin_.clock().now();
        return twin_.twin().database().read_blocking(
            [&](sql::Transaction& tx) { return load_due_deliveries(tx, now); });
    }
    std::optional<http::Call> call_of(const Delivery& delivery) {
        const auto now = twin_.clock().now();
        return twin_.twin().database().read_blocking(
            [&](sql::Transaction& tx) { return twin_.twin().call_of(tx, delivery, now, {}); });
    }
    /// Which of these secrets have signed what is due.
    std::set<std::string> signers(const std::vector<std::string>& secrets) {
        const auto delivery = due().at(0);
        const auto call = call_of(delivery);
        const auto& header = *http::find_header(call->headers, "Stripe-Signature");
        const auto time = header.substr(2, header.find(',') - 2);
        std::set<std::string> found;
        for (const auto& secret : secrets)
            if (header.contains(",v1=" + to_hex(hmac_sha256(secret, time + "." + call->body))))
                found.insert(secret);
        return found;
    }
    /// Records a try of all that is due.
    void answer(int status) {
        for (const auto& delivery : due())
            twin_.twin().database().write_blocking([&](sql::Transaction& tx) {
                const Attempt attempt{
                    .tried_at = twin_.clock().now(), .status = status, .note = {}};
                save_attempt(tx, delivery, attempt, std::nullopt);
                return true;
            });
    }
    std::string last_event() {
        return id_of(twin_.get("/v1/events?limit=1").body.at("data").at(0));
    }
    std::size_t events_with(const std::string& query) {
        return twin_.get("/v1/events?" + query).body.at("data").size();
    }

    TwinUnderTest twin_;
};

TEST_F(Webhooks, AreSignedByBothSecretsUntilTheOldOneExpires) {
    const Json endpoint = listen();
    const auto first = endpoint.at("secret").get<std::string>();
    twin_.post("/v1/customers");
    EXPECT_THAT(signers({first}), ElementsAre(first));
    const auto second = roll(endpoint, "expires_in=86400");
    EXPECT_TRUE(second.starts_with("whsec_"));
    EXPECT_NE(second, first);
    EXPECT_THAT(signers({first, second}), UnorderedElementsAre(first, second));
    twin_.clock().advance(std::chrono::seconds(86'399));
    EXPECT_THAT(signers({first, second}), UnorderedElementsAre(first, second));
    twin_.clock().advance(std::chrono::seconds(1));
    EXPECT_THAT(signers({first, second}), ElementsAre(second));
    const auto third = roll(endpoint, "");
    EXPECT_THAT(signers({first, second, third}), ElementsAre(third));
    EXPECT_FALSE(twin_.get("/v1/webhook_endpoints/" + id_of(endpoint)).body.contains("secret"));
}

TEST_F(Webhooks, KeepAnOldSecretForADayAtMost) {
    const auto path = "/_sandbox/webhook_endpoints/" + id_of(listen()) + "/roll_secret";
    for (const char* form : {"expires_in=86401", "expires_in=-1", "expires_in=soon", "until=1"}) {
        SCOPED_TRACE(form);
        EXPECT_EQ(twin_.post(path, form).status, 400);
    }
    EXPECT_EQ(twin_.post("/_sandbox/webhook_endpoints/we_no/roll_secret").status, 404);
}

TEST_F(Webhooks, AreSentAgainToOneEndpoint) {
    const Json endpoint = listen();
    const Json other = listen();
    twin_.post("/v1/customers", "name=A");
    const auto event = last_event();
    const auto first = due().at(0);
    answer(500);
    ASSERT_TRUE(due().empty());
    EXPECT_EQ(events_with("delivery_success=false"), 1U);

    const auto again =
        twin_.post("/v1/events/" + event + "/retry", "webhook_endpoint=" + id_of(endpoint));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body.at("id"), event);
    EXPECT_EQ(again.body.at("pending_webhooks"), 1);
    ASSERT_EQ(due().size(), 1U);
    EXPECT_EQ(due().at(0).endpoint, id_of(endpoint));
    EXPECT_EQ(due().at(0).body, first.body);
    EXPECT_NE(due().at(0).id, first.id);
    answer(200);
    EXPECT_EQ(events_with("delivery_success=false"), 1U);
    twin_.post("/v1/events/" + event + "/retry", "webhook_endpoint=" + id_of(other));
    answer(200);
    EXPECT_EQ(events_with("delivery_success=false"), 0U);
    twin_.post("/v1/events/" + event + "/retry", "webhook_endpoint=" + id_of(other));
    answer(500);
    EXPECT_EQ(events_with("delivery_success=true"), 1U);
}

TEST_F(Webhooks, AreSentAgainToAllWhoWantThem) {
    twin_.post("/v1/customers", "name=A");
    const auto event = last_event();
    const auto path = "/v1/events/" + event + "/retry";
    EXPECT_EQ(twin_.post(path).status, 400);
    const Json endpoint = listen();
    listen("&enabled_events[]=product.created");
    const Json off = listen();
    twin_.post("/v1/webhook_endpoints/" + id_of(off), "disabled=true");
    EXPECT_EQ(twin_.post(path).status, 200);
    ASSERT_EQ(due().size(), 1U);
    EXPECT_EQ(due().at(0).endpoint, id_of(endpoint));
    EXPECT_THAT(due().at(0).body, HasSubstr("\"pending_webhooks\": 1,"));
    EXPECT_THAT(due().at(0).body, HasSubstr("\"id\": \"" + event + "\""));
    const auto refused = twin_.post(path, "webhook_endpoint=" + id_of(off));
    EXPECT_EQ(refused.error("param"), "webhook_endpoint");
    EXPECT_THAT(refused.error("message"), HasSubstr("disabled"));
}

// The words are Stripe's: what `stripe events resend` gets while nobody runs `stripe listen`.
TEST_F(Webhooks, HaveNoCommandLineThatListens) {
    listen();
    twin_.post("/v1/customers");
    const auto path = "/v1/events/" + last_event() + "/retry";
    const auto refused = twin_.post(path, "for_stripecli=true");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("param"), "for_stripecli");
    EXPECT_THAT(refused.error("message"),
                ::testing::StartsWith("No CLI endpoints found to retry delivery."));
    EXPECT_EQ(twin_.post(path, "webhook_endpoint=we_no").error("code"), "resource_missing");
    EXPECT_EQ(twin_.post("/v1/events/evt_no/retry").status, 404);
    twin_.clock().advance(std::chrono::hours(30 * 24 + 1));
    EXPECT_EQ(twin_.post(path).status, 404);
}

}  // namespace
}  // namespace turnpike::twin
