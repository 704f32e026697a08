#include "sandbox/razorpay/webhooks.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using testing::TwinUnderTest;

/// The oldest webhook that waits, as it would be sent now; what became of it.
class WebhooksOfRazorpay : public ::testing::Test {
protected:
    void SetUp() override {
        twin_.listen();
        twin_.active_subscription(twin_.plan());
    }
    std::optional<Delivery> due() {
        const auto now = twin_.clock().now();
        auto look = [&](sql::Transaction& tx) {
            auto all = load_due_deliveries(tx, now);
            return all.empty() ? std::nullopt : std::optional(all.front());
        };
        return twin_.twin().database().read_blocking(look);
    }
    std::optional<http::Call> call(const Delivery& delivery, const WebhookStyle& style = {}) {
        const auto now = twin_.clock().now();
        auto look = [&](sql::Transaction& tx) {
            return twin_.twin().call_of(tx, delivery, now, style);
        };
        return twin_.twin().database().read_blocking(look);
    }
    /// When it will be repeated, in seconds from now; -1: never.
    std::int64_t answer(const Delivery& delivery, int status) {
        const auto now = twin_.clock().now();
        auto record = [&](sql::Transaction& tx) {
            const Attempt attempt{.tried_at = now, .status = status, .note = {}};
            return twin_.twin().retry_at(tx, delivery, attempt);
        };
        const auto retry = twin_.twin().database().write_blocking(record);
        return retry ? std::chrono::duration_cast<std::chrono::seconds>(*retry - now).count() : -1;
    }
    Json webhook() { return twin_.get("/v1/webhooks").body.at("items").at(0); }

    TwinUnderTest twin_;
};

TEST_F(WebhooksOfRazorpay, AreSignedWithTheSecretOfTheirEvent) {
    const auto delivery = due();
    ASSERT_TRUE(delivery.has_value());
    const auto before = call(*delivery);
    ASSERT_TRUE(before.has_value());
    const auto* signature = http::find_header(before->headers, "X-Razorpay-Signature");
    EXPECT_EQ(*signature, signature_of("s", delivery->body));
    twin_.call(http::Method::Put, "/v1/webhooks/" + text_of(webhook(), "id"),
               R"({"secret": "another"})");
    const auto after = call(*delivery);
    EXPECT_EQ(*http::find_header(after->headers, "X-Razorpay-Signature"), *signature);
    EXPECT_EQ(*http::find_header(after->headers, "x-razorpay-event-id"), delivery->event);
    EXPECT_EQ(delivery->event.size(), 14U);
}

TEST(WebhooksWithoutASecret, AreNotSigned) {
    TwinUnderTest twin;
    twin.post("/v1/webhooks", R"({"url": "http://127.0.0.1:9/", "events": ["order.paid"]})");
    twin.active_subscription(twin.plan());
    const auto now = twin.clock().now();
    const auto sent = twin.twin().database().read_blocking([&](sql::Transaction& tx) {
        return twin.twin().call_of(tx, load_due_deliveries(tx, now).at(0), now, {});
    });
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(http::find_header(sent->headers, "X-Razorpay-Signature"), nullptr);
}

/// What chaos signs with "old_secret" is a secret that was: naming the same one again changes none.
TEST_F(WebhooksOfRazorpay, KeepTheirOldSecretUntilThereIsANewOne) {
    const auto path = "/v1/webhooks/" + text_of(webhook(), "id");
    twin_.call(http::Method::Put, path, R"({"secret": "another"})");
    twin_.call(http::Method::Put, path, R"({"secret": "another", "active": true})");
    const auto delivery = due();
    ASSERT_TRUE(delivery.has_value());
    const auto sent = call(*delivery, {.secret = WebhookStyle::Secret::Previous});
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(*http::find_header(sent->headers, "X-Razorpay-Signature"),
              signature_of("s", delivery->body));
}

// Computed with Python: hmac.new(b'secret', b'{"a":1}', 'sha256').hexdigest().
TEST(RazorpaySignature, IsTheHmacOfTheBody) {
    EXPECT_EQ(signature_of("secret", R"({"a":1})"),
              "aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494");
}

TEST_F(WebhooksOfRazorpay, AreSentAgainAsTheyWereSigned) {
    const Delivery first = *due();
    const auto signature = *http::find_header(call(first)->headers, "X-Razorpay-Signature");
    const auto endpoint = text_of(webhook(), "id");
    twin_.call(http::Method::Put, "/v1/webhooks/" + endpoint, R"({"secret": "another"})");
    const auto resend = [&](const EventAddress& event) {
        const auto now = twin_.clock().now();
        return twin_.twin().database().write_blocking(
            [&](sql::Transaction& tx) { return twin_.twin().resend(tx, event, now); });
    };
    EXPECT_EQ(resend({.account = first.account, .event = first.event, .endpoint = "none"}), 0);
    EXPECT_EQ(resend({.account = first.account, .event = "none"}), 0);
    EXPECT_EQ(resend({.account = first.account, .event = first.event}), 1);
    EXPECT_EQ(resend({.account = first.account, .event = first.event, .endpoint = endpoint}), 1);
    const auto sent = twin_.twin().database().read_blocking([&](sql::Transaction& tx) {
        return load_deliveries(tx, {.account = first.account, .event = first.event});
    });
    ASSERT_EQ(sent.size(), 3U);
    for (const auto& record : sent) {
        EXPECT_EQ(record.delivery.body, first.body);
        EXPECT_EQ(*http::find_header(call(record.delivery)->headers, "X-Razorpay-Signature"),
                  signature);
    }
}

TEST_F(WebhooksOfRazorpay, AreRepeatedMoreAndMoreSlowly) {
    Delivery delivery = *due();
    for (const std::int64_t minutes : {1, 2, 4, 8, 16, 32, 64, 128, 240, 240}) {
        EXPECT_EQ(answer(delivery, 500), 60 * minutes);
        ++delivery.tries;
    }
    EXPECT_EQ(webhook().at("active"), true);
    EXPECT_EQ(answer(delivery, 302), 240 * 60);
    EXPECT_EQ(answer(delivery, 204), -1);
}

TEST_F(WebhooksOfRazorpay, EndWhenTheirEndpointHasFailedForADay) {
    const Delivery delivery = *due();
    EXPECT_EQ(answer(delivery, 500), 60);
    twin_.advance(24 * 3'600 - 1);
    EXPECT_EQ(answer(delivery, 500), 60);
    twin_.advance(1);
    EXPECT_EQ(answer(delivery, 0), -1);
    EXPECT_EQ(webhook().at("active"), false);
    EXPECT_EQ(webhook().at("disabled_at"),
              unix_seconds(twin_.clock().now() + std::chrono::hours(24)));
    EXPECT_FALSE(call(delivery).has_value());
    const auto queued = twin_.events().size();
    twin_.active_subscription(twin_.plan());
    EXPECT_EQ(twin_.events().size(), queued);
    twin_.call(http::Method::Put, "/v1/webhooks/" + text_of(webhook(), "id"),
               R"({"active": true})");
    twin_.active_subscription(twin_.plan());
    EXPECT_GT(twin_.events().size(), queued);
}

TEST_F(WebhooksOfRazorpay, StartTheirPatienceAnewAfterASuccess) {
    const Delivery delivery = *due();
    answer(delivery, 500);
    twin_.advance(23 * 3'600);
    EXPECT_EQ(answer(delivery, 200), -1);
    twin_.advance(23 * 3'600);
    EXPECT_EQ(answer(delivery, 500), 60);
    EXPECT_EQ(webhook().at("active"), true);
}

TEST_F(WebhooksOfRazorpay, AreSeenByTheirOwnAccountOnly) {
    const auto account = text_of(twin_.get("/_sandbox/account").body, "id");
    EXPECT_EQ(twin_.get("/v2/accounts/" + account + "/webhooks/").body.at("count"), 1);
    EXPECT_EQ(twin_.get("/v2/accounts/acc_00000000000000/webhooks/").status, 400);
    const auto path = "/v2/accounts/" + account + "/webhooks/" + text_of(webhook(), "id");
    EXPECT_EQ(twin_.get(path).body.at("secret_exists"), true);
    EXPECT_EQ(twin_.call(http::Method::Delete, path).body, Json::array());
    EXPECT_FALSE(due().has_value());
}

}  // namespace
}  // namespace turnpike::twin::razorpay
