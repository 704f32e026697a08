#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "sandbox/chaos/chaos.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;
using testing::recorded;
using testing::shape_of;
using ::testing::StartsWith;
using testing::TwinUnderTest;

TEST(Authentication, TakesTestKeysByBearerOrBasic) {
    TwinUnderTest twin;
    EXPECT_EQ(twin.get("/v1/account", {{"Authorization", "Bearer sk_test_abc123"}}).status, 200);
    const auto basic = "Basic " + to_base64("sk_test_abc123:");
    EXPECT_EQ(twin.get("/v1/account", {{"Authorization", basic}}).status, 200);
}

TEST(Authentication, RefusesEveryOtherKeyAsRecorded) {
    TwinUnderTest twin;
    const auto recording = recorded("invalid_api_key");
    for (const std::string_view key : {"sk_live_abcdefgh", "rk_test_abcdefgh", "rk_live_abcdefgh",
                                       "sk_test_", "sk_test_a b", "sk_test_a-b", "hello"}) {
        SCOPED_TRACE(key);
        const auto reply =
            twin.get("/v1/account", {{"Authorization", "Bearer " + std::string(key)}});
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(shape_of(reply.body), shape_of(recording.at("body")));
        EXPECT_EQ(reply.error("type"), "invalid_request_error");
        EXPECT_THAT(reply.error("message"), StartsWith("Invalid API Key provided: "));
        EXPECT_EQ(reply.header("Request-Id"), "");
    }
    const auto masked = twin.get("/v1/account", {{"Authorization", "Bearer sk_live_abcdefgh"}});
    EXPECT_EQ(masked.error("message"), "Invalid API Key provided: sk_live_****efgh");
    EXPECT_THAT(twin.get("/v1/account", {{"Authorization", ""}}).error("message"),
                StartsWith("You did not provide an API key."));
}

TEST(Authentication, RefusesPublishableKeysAndConnectedAccounts) {
    TwinUnderTest twin;
    const auto publishable = twin.get("/v1/account", {{"Authorization", "Bearer pk_test_abc"}});
    EXPECT_EQ(publishable.status, 403);
    EXPECT_EQ(publishable.error("code"), "secret_key_required");
    const auto connected = twin.get("/v1/account", {{"Stripe-Account", "acct_other"}});
    EXPECT_EQ(connected.status, 403);
    EXPECT_THAT(connected.error("message"), HasSubstr("acct_other"));
}

TEST(Authentication, GivesEveryKeyAnAccountOfItsOwn) {
    TwinUnderTest twin;
    const auto customer = twin.post_id("/v1/customers", "email=a%40b.co");
    twin.use_key("sk_test_second");
    EXPECT_EQ(twin.get("/v1/customers/" + customer).status, 404);
    EXPECT_EQ(twin.post("/v1/customers/" + customer, "name=x").status, 404);
    EXPECT_EQ(twin.del("/v1/customers/" + customer).status, 404);
    EXPECT_TRUE(twin.get("/v1/customers").body.at("data").empty());
    EXPECT_TRUE(twin.get("/v1/events").body.at("data").empty());
    twin.use_key("sk_test_first");
    EXPECT_EQ(twin.get("/v1/customers/" + customer).status, 200);
}

TEST(Versions, AreEchoedFromTheOldestKnownOneOn) {
    TwinUnderTest twin;
    for (const char* version : {"2020-08-27", "2025-02-24.acacia", "2025-03-31.basil",
                                "2026-02-25.clover", "2026-03-25.dahlia"}) {
        const auto reply = twin.get("/v1/customers", {{"Stripe-Version", version}});
        EXPECT_EQ(reply.status, 200) << version;
        EXPECT_EQ(reply.header("Stripe-Version"), version);
    }
    EXPECT_EQ(twin.get("/v1/customers").header("Stripe-Version"), "2026-02-25.clover");
    for (const char* version : {"2020-03-02", "2020-08-26", "2024-06-21", "clover",
                                "2026-02-25clover", "9999-99-99.zzz", "2027-02-29.elm"})
        EXPECT_EQ(twin.get("/v1/customers", {{"Stripe-Version", version}}).status, 400) << version;
    const auto unheard = twin.get("/v1/customers", {{"Stripe-Version", "not-a-real-version"}});
    EXPECT_EQ(unheard.status, 400);
    EXPECT_EQ(unheard.body, Json::parse(R"({"error": {
        "message": "Invalid Stripe API version: not-a-real-version",
        "type": "invalid_request_error"
    }})"));
}

TEST(Headers, AreThoseOfTheRecordings) {
    TwinUnderTest twin;
    const auto posted = twin.post("/v1/customers", "", {{"Idempotency-Key", "k1"}});
    EXPECT_EQ(posted.header("Content-Type"), "application/json");
    EXPECT_EQ(posted.header("Cache-Control"), "no-cache, no-store");
    EXPECT_EQ(posted.header("Idempotency-Key"), "k1");
    EXPECT_EQ(posted.header("Original-Request"), posted.header("Request-Id"));
    EXPECT_EQ(posted.header("Stripe-Should-Retry"), "false");
    EXPECT_THAT(posted.header("Request-Id"), StartsWith("req_"));
    EXPECT_THAT(posted.text, StartsWith("{\n  \"id\": \"cus_"));

    const auto got = twin.get("/v1/customers");
    EXPECT_EQ(got.header("Original-Request"), "");
    EXPECT_EQ(got.header("Stripe-Should-Retry"), "");

    // Recorded for payment_methods/invalid/attach: refused before it began.
    const auto refused = twin.post("/v1/customers", "foo=1", {{"Idempotency-Key", "k2"}});
    EXPECT_EQ(refused.header("Stripe-Should-Retry"), "");
    EXPECT_EQ(refused.header("Original-Request"), refused.header("Request-Id"));
}

TEST(Urls, ThatStripeDoesNotHaveAre404) {
    TwinUnderTest twin;
    const auto reply = twin.get("/v1/foo");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.error("message"),
              "Unrecognized request URL (GET: /v1/foo). Please see https://stripe.com/docs or we "
              "can help at https://support.stripe.com/.");
    EXPECT_FALSE(reply.body.at("error").contains("request_log_url"));
    const auto listing = twin.get("/v1/customers/");
    EXPECT_EQ(listing.status, 404);
    EXPECT_EQ(listing.error("message"),
              "Unrecognized request URL (GET: /v1/customers/). If you are trying to list objects, "
              "remove the trailing slash. If you are trying to retrieve an object, make sure you "
              "passed a valid (non-empty) identifier in your code. Please see "
              "https://stripe.com/docs or we can help at https://support.stripe.com/.");
    EXPECT_EQ(twin.del("/v1/customers").status, 404);
    EXPECT_EQ(twin.get("/healthz").status, 200);
    EXPECT_EQ(twin.get("/healthz").text, "ok\n");
}

TEST(Bodies, MustBeForms) {
    TwinUnderTest twin;
    for (const char* type : {"application/json", "multipart/form-data; boundary=x"}) {
        const auto reply = twin.post("/v1/customers", "{}", {{"Content-Type", type}});
        EXPECT_EQ(reply.status, 400) << type;
        EXPECT_THAT(reply.error("message"), HasSubstr("application/x-www-form-urlencoded"));
    }
    EXPECT_EQ(twin.post("/v1/customers", "a=%zz").status, 400);
}

TEST(Bodies, HoldNoNulByte) {
    using namespace std::string_literals;
    TwinUnderTest twin;
    for (const std::string& form : {"name=a\0b"s, "name=a%00b"s, "metadata[a\0]=1"s}) {
        const auto reply = twin.post("/v1/customers", form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_THAT(reply.error("message"), HasSubstr("NUL byte"));
    }
    EXPECT_TRUE(twin.get("/v1/customers").body.at("data").empty());
}

TEST(Idempotency, RepeatsTheFirstAnswerAndDoesTheWorkOnce) {
    TwinUnderTest twin;
    const http::Headers key{{"Idempotency-Key", "once"}};
    const auto first = twin.post("/v1/customers", "email=a%40b.co&name=A", key);
    const auto again = twin.post("/v1/customers", "email=a%40b.co&name=A", key);
    EXPECT_EQ(again.text, first.text);
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(first.header("Idempotent-Replayed"), "");
    EXPECT_EQ(again.header("Original-Request"), first.header("Request-Id"));
    EXPECT_NE(again.header("Request-Id"), first.header("Request-Id"));
    EXPECT_EQ(twin.get("/v1/customers").body.at("data").size(), 1U);
    EXPECT_EQ(twin.event_types().size(), 1U);
}

TEST(Idempotency, RefusesAKeyForAnotherRequest) {
    TwinUnderTest twin;
    const http::Headers key{{"Idempotency-Key", "once"}};
    twin.post("/v1/customers", "name=A", key);
    const auto other = twin.post("/v1/customers", "name=B", key);
    EXPECT_EQ(other.status, 400);
    EXPECT_EQ(other.error("type"), "idempotency_error");
    EXPECT_EQ(other.error("message"),
              "Keys for idempotent requests can only be used with the same parameters they were "
              "first used with. Try using a key other than 'once' if you meant to execute a "
              "different request.");
    const auto elsewhere = twin.post("/v1/products", "name=A", key);
    EXPECT_EQ(elsewhere.error("message"),
              "Keys for idempotent requests can only be used for the same endpoint they were first "
              "used for ('/v1/products' vs '/v1/customers'). Try using a key other than 'once' if "
              "you meant to execute a different request.");
}

TEST(Idempotency, KnowsARequestWhateverTheOrderOfItsParameters) {
    TwinUnderTest twin;
    const http::Headers key{{"Idempotency-Key", "once"}};
    const auto first =
        twin.post("/v1/customers", "name=A&email=a@b.co&metadata[x]=1&metadata[y]=2", key);
    const auto again =
        twin.post("/v1/customers", "metadata[y]=2&email=a@b.co&metadata[x]=1&name=A", key);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, first.body);
    // The elements of an array have an order that means something.
    const http::Headers other{{"Idempotency-Key", "twice"}};
    const std::string locales = "preferred_locales[0]=en&preferred_locales[1]=de";
    EXPECT_EQ(twin.post("/v1/customers", locales, other).status, 200);
    EXPECT_EQ(twin.post("/v1/customers", "preferred_locales[0]=de&preferred_locales[1]=en", other)
                  .error("type"),
              "idempotency_error");
}

TEST(Idempotency, SavesFailuresThatBeganAndForgetsThoseThatDidNot) {
    TwinUnderTest twin;
    const auto customer = twin.post_id("/v1/customers", "");
    const std::string attach = "/v1/payment_methods/pm_card_chargeDeclined/attach";
    const http::Headers begun{{"Idempotency-Key", "declined"}};
    const auto declined = twin.post(attach, "customer=" + customer, begun);
    const auto replay = twin.post(attach, "customer=" + customer, begun);
    EXPECT_EQ(replay.status, 402);
    EXPECT_EQ(replay.text, declined.text);
    EXPECT_EQ(replay.header("Idempotent-Replayed"), "true");

    const http::Headers corrected{{"Idempotency-Key", "typo"}};
    EXPECT_EQ(twin.post("/v1/customers", "emial=a%40b.co", corrected).status, 400);
    EXPECT_EQ(twin.post("/v1/customers", "email=a%40b.co", corrected).status, 200);
}

// Chaos answers 500 after the work was done, and a repeat gets that too: of the request whose
// answer was saved, and of no other that carried its key.
TEST(Idempotency, KeepsAnErrorInPlaceOfItsOwnAnswerOnly) {
    TwinUnderTest twin;
    Chaos chaos(twin.twin());
    const http::Headers key{{"Idempotency-Key", "once"}};
    std::uint64_t seed = 0;  // another one is another plan
    const auto strike = [&](http::Method method, const std::string& path, const std::string& form) {
        chaos.set_at_start(
            {.seed = ++seed, .rules = {{.misfortune = Misfortune::ErrorAfterCommit}}});
        http::Request request;
        request.method = method;
        request.path = request.target = path;
        request.headers = {key.front(),
                           {"Authorization", "Bearer sk_test_first"},
                           {"Content-Type", "application/x-www-form-urlencoded"}};
        request.body = form;
        asio::io_context io;
        auto answer = asio::co_spawn(io, chaos.handle(request), asio::use_future);
        io.run();
        EXPECT_EQ(answer.get().status, 500);
    };
    const auto first = twin.post("/v1/customers", "name=A", key);
    strike(http::Method::Get, "/v1/customers", "");
    strike(http::Method::Post, "/v1/products", "name=A");
    strike(http::Method::Post, "/v1/customers", "name=B");
    EXPECT_EQ(twin.post("/v1/customers", "name=A", key).text, first.text);
    strike(http::Method::Post, "/v1/customers", "name=A");
    const auto again = twin.post("/v1/customers", "name=A", key);
    EXPECT_EQ(again.status, 500);
    EXPECT_EQ(again.header("Original-Request"), first.header("Request-Id"));
    EXPECT_EQ(twin.get("/v1/customers").body.at("data").size(), 1U);
}

TEST(Idempotency, ForgetsKeysAfterADay) {
    TwinUnderTest twin;
    const http::Headers key{{"Idempotency-Key", "daily"}};
    const auto first = twin.post("/v1/customers", "", key);
    twin.clock().advance(std::chrono::hours(24));
    EXPECT_EQ(twin.post("/v1/customers", "", key).text, first.text);
    twin.clock().advance(std::chrono::seconds(1));
    EXPECT_NE(twin.post("/v1/customers", "", key).text, first.text);
}

TEST(Idempotency, SurvivesARestartAndIsPerAccount) {
    TwinUnderTest twin;
    const http::Headers key{{"Idempotency-Key", "once"}};
    const auto first = twin.post("/v1/customers", "", key);
    twin.restart();
    EXPECT_EQ(twin.post("/v1/customers", "", key).text, first.text);
    twin.use_key("sk_test_second");
    EXPECT_NE(twin.post("/v1/customers", "", key).text, first.text);
}

TEST(Restart, KeepsEverything) {
    TwinUnderTest twin;
    const auto customer = twin.post_id("/v1/customers", "payment_method=pm_card_visa");
    const auto before = twin.get("/v1/customers/" + customer).text;
    const auto events = twin.get("/v1/events").text;
    twin.restart();
    EXPECT_EQ(twin.get("/v1/customers/" + customer).text, before);
    EXPECT_EQ(twin.get("/v1/events").text, events);
}

// Names in metadata are the client's, whatever the twin's own private members look like.
TEST(Metadata, KeepsEveryKeyEverywhere) {
    TwinUnderTest twin;
    const Json wanted{{"object", "customer"}, {"_order", "7"}, {"sources", "web"}};
    const auto customer = twin.post(
        "/v1/customers", "metadata[_order]=7&metadata[object]=customer&metadata[sources]=web");
    ASSERT_EQ(customer.status, 200) << customer.text;
    EXPECT_EQ(customer.body.at("metadata"), wanted);
    const std::string path = "/v1/customers/" + customer.body.at("id").get<std::string>();
    EXPECT_EQ(twin.get(path).body.at("metadata"), wanted);
    EXPECT_EQ(twin.get(path, {{"Stripe-Version", "2020-08-27"}}).body.at("metadata"), wanted);
    twin.post(path, "metadata[_order]=8");
    const Json data = twin.get("/v1/events?limit=1").body.at("data").at(0).at("data");
    EXPECT_EQ(data.at("object").at("metadata").at("_order"), "8");
    EXPECT_EQ(data.at("previous_attributes"), Json({{"metadata", {{"_order", "7"}}}}));
    EXPECT_EQ(twin.get(path + "?expand[]=metadata.sources").status, 400);
}

}  // namespace
}  // namespace turnpike::twin
