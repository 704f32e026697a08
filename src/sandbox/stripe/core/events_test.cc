#include "sandbox/stripe/core/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/deliveries.h"
#include "sandbox/stripe/core/event_types.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using testing::shape_of;
using testing::TwinUnderTest;

TEST(Events, HaveStripesEnvelope) {
    TwinUnderTest twin;
    const auto posted = twin.post("/v1/customers", "name=A", {{"Idempotency-Key", "k"}});
    const auto event = twin.get("/v1/events").body.at("data").at(0);
    Json outer = event;
    outer["data"] = Json::object({{"object", nullptr}});
    EXPECT_THAT(shape_of(outer), ElementsAre("api_version", "created", "data", "data.object", "id",
                                             "livemode", "object", "pending_webhooks", "request",
                                             "request.id", "request.idempotency_key", "type"));
    EXPECT_EQ(event.at("api_version"), "2026-02-25.clover");
    EXPECT_EQ(event.at("request").at("id"), posted.header("Request-Id"));
    EXPECT_EQ(event.at("request").at("idempotency_key"), "k");
    EXPECT_EQ(event.at("data").at("object"), posted.body);
    EXPECT_EQ(twin.get("/v1/events/" + event.at("id").get<std::string>()).body, event);
    EXPECT_EQ(twin.get("/v1/events/evt_no").status, 404);
}

TEST(Events, KeepTheObjectAsItWas) {
    TwinUnderTest twin;
    const auto id = twin.post_id("/v1/customers", "name=A");
    twin.post("/v1/customers/" + id, "name=B");
    const auto created = twin.get("/v1/events?type=customer.created").body.at("data").at(0);
    EXPECT_EQ(created.at("data").at("object").at("name"), "A");
}

TEST(Events, AreFilteredByTypeAndTime) {
    TwinUnderTest twin;
    const auto id = twin.post_id("/v1/customers", "name=A");
    twin.clock().advance(std::chrono::seconds(10));
    twin.post("/v1/customers/" + id, "name=B");
    twin.post("/v1/products", "name=P");
    const auto count = [&](const std::string& query) {
        return twin.get("/v1/events?" + query).body.at("data").size();
    };
    EXPECT_EQ(count("type=customer.updated"), 1U);
    EXPECT_EQ(count("type=customer.*"), 2U);
    EXPECT_EQ(count("types[]=customer.created&types[]=product.created"), 2U);
    EXPECT_EQ(count("created[gte]=1762799361"), 2U);
    EXPECT_EQ(count("created[lt]=1762799361"), 1U);
    EXPECT_EQ(twin.get("/v1/events?type=a.b&types[]=c.d").status, 400);
    std::string many;
    for (int i = 0; i <= 20; ++i) many += "types[]=a.b" + std::to_string(i) + "&";
    EXPECT_EQ(twin.get("/v1/events?" + many).status, 400);
}

TEST(Events, PageLikeOtherLists) {
    TwinUnderTest twin;
    for (int i = 0; i < 5; ++i) twin.post("/v1/products", "name=P" + std::to_string(i));
    const auto name = [](const Json& event) {
        return event.at("data").at("object").at("name").get<std::string>();
    };
    const auto first = twin.get("/v1/events?limit=2").body;
    EXPECT_EQ(name(first.at("data").at(1)), "P3");
    EXPECT_EQ(first.at("has_more"), true);
    const auto cursor = first.at("data").at(1).at("id").get<std::string>();
    const auto next = twin.get("/v1/events?limit=2&starting_after=" + cursor).body;
    EXPECT_EQ(name(next.at("data").at(0)), "P2");
    const auto back = twin.get("/v1/events?ending_before=" + cursor).body;
    ASSERT_EQ(back.at("data").size(), 1U);
    EXPECT_EQ(name(back.at("data").at(0)), "P4");
}

TEST(Events, AreGoneAfterThirtyDays) {
    TwinUnderTest twin;
    twin.post("/v1/products", "name=P");
    twin.clock().advance(std::chrono::days(30));
    EXPECT_EQ(twin.event_types().size(), 1U);
    twin.clock().advance(std::chrono::seconds(1));
    EXPECT_TRUE(twin.event_types().empty());
}

TEST(WantsEvent, MatchesNamesAndGlobs) {
    EXPECT_TRUE(wants_event("*", "invoice.paid"));
    EXPECT_TRUE(wants_event("invoice.paid", "invoice.paid"));
    EXPECT_TRUE(wants_event("invoice.*", "invoice.paid"));
    EXPECT_TRUE(wants_event("customer.*.deleted", "customer.subscription.deleted"));
    EXPECT_FALSE(wants_event("invoice.paid", "invoice.paid2"));
    EXPECT_FALSE(wants_event("invoice.*", "invoiceitem.created"));
    EXPECT_FALSE(wants_event("ab*ba", "aba"));
}

TEST(WebhookEndpoints, ShowTheirSecretOnce) {
    TwinUnderTest twin;
    const auto made = twin.post("/v1/webhook_endpoints",
                                "url=http%3A%2F%2F127.0.0.1%3A1%2Fhook&enabled_events[]=*");
    ASSERT_EQ(made.status, 200);
    EXPECT_TRUE(made.body.at("secret").get<std::string>().starts_with("whsec_"));
    const auto url = "/v1/webhook_endpoints/" + made.body.at("id").get<std::string>();
    EXPECT_FALSE(twin.get(url).body.contains("secret"));
    EXPECT_EQ(twin.post(url, "disabled=true").body.at("status"), "disabled");
    EXPECT_EQ(twin.post(url, "disabled=false").body.at("status"), "enabled");
    EXPECT_EQ(twin.del(url).body.at("deleted"), true);
    EXPECT_EQ(twin.get(url).status, 404);
}

TEST(WebhookEndpoints, AreCheckedAndAtMostSixteen) {
    TwinUnderTest twin;
    for (const char* form :
         {"url=http%3A%2F%2Fh", "enabled_events[]=*", "url=ftp%3A%2F%2Fh&enabled_events[]=*",
          "url=h&enabled_events[]=*", "url=http%3A%2F%2Fh&enabled_events[]=Invoice",
          "url=http%3A%2F%2Fh&enabled_events="}) {
        SCOPED_TRACE(form);
        EXPECT_EQ(twin.post("/v1/webhook_endpoints", form).status, 400);
    }
    for (int i = 0; i < 16; ++i)
        EXPECT_EQ(
            twin.post("/v1/webhook_endpoints", "url=http%3A%2F%2Fh&enabled_events[]=*").status,
            200);
    EXPECT_EQ(twin.post("/v1/webhook_endpoints", "url=http%3A%2F%2Fh&enabled_events[]=*").status,
              400);
}

TEST(WebhookEndpoints, AskForAVersionThatExists) {
    TwinUnderTest twin;
    const std::string form = "url=http%3A%2F%2Fh&enabled_events[]=*&api_version=";
    EXPECT_EQ(twin.post("/v1/webhook_endpoints", form + "2026-02-25.clover").body.at("api_version"),
              "2026-02-25.clover");
    EXPECT_EQ(twin.post("/v1/webhook_endpoints", form + "2020-08-27").status, 200);
    for (const char* unknown : {"banana", "2020-08-28", ""}) {
        SCOPED_TRACE(unknown);
        const auto reply = twin.post("/v1/webhook_endpoints", form + unknown);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), "api_version");
    }
    EXPECT_TRUE(twin.post("/v1/webhook_endpoints", form + "banana")
                    .error("message")
                    .starts_with("Invalid api_version: must be one of 2011-01-01, 2011-06-21,"));
}

TEST(WebhookEndpoints, SayTruthfullyWhatIsWrong) {
    struct Case {
        const char *form, *param, *message;
    };
    const Case cases[] = {
        {"url=nope&enabled_events[]=*", "url", "An explicit scheme (such as https) must be"},
        {"url=file%3A%2F%2F%2Fetc%2Fpasswd&enabled_events[]=*", "url",
         "The scheme must be http or https, not file."},
        {"url=https%3A%2F%2F&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2Fh%3A99999%2F&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2Fh%3A65536&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2Fh%3A0%2F&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2Fh%3A%2F&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2Fh%3A80x%3Fa&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2F%5B%3A%3A1&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2F%5B%3A%3A1%5D%3A65536&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=https%3A%2F%2F%5B%3A%3A1%5Dx&enabled_events[]=*", "url", "Not a valid URL."},
        {"url=http%3A%2F%2Fh&enabled_events[]=*&enabled_events[]=foo.bar", "enabled_events[1]",
         "Invalid enabled_events[1]: must be one of *, account.application.authorized, "},
        {"url=http%3A%2F%2Fh&enabled_events[]=invoice.*", "enabled_events[0]", "must be one of"},
        {"url=http%3A%2F%2Fh&enabled_events[]=*&enabled_events[]=customer.created",
         "enabled_events", "beside '*'"},
    };
    TwinUnderTest twin;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.form);
        const auto reply = twin.post("/v1/webhook_endpoints", c.form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
        EXPECT_THAT(reply.error("message"), ::testing::HasSubstr(c.message));
    }
}

TEST(WebhookEndpoints, MayNameAPortOrAnIPv6Address) {
    TwinUnderTest twin;
    for (const char* url :
         {"https%3A%2F%2Fh%3A65535%2F", "http%3A%2F%2F127.0.0.1%3A1%3Fa%3Db%3A0",
          "http%3A%2F%2F%5B%3A%3A1%5D%3A8080%2Fhooks", "http%3A%2F%2F%5B%3A%3A1%5D",
          "https%3A%2F%2Fh%2Fa%3A99999", "https%3A%2F%2Fuser%3Aword%40h%3A8443%2F"}) {
        SCOPED_TRACE(url);
        EXPECT_EQ(
            twin.post("/v1/webhook_endpoints", "enabled_events[]=*&url=" + std::string(url)).status,
            200);
    }
}

TEST(EventTypes, AreStripesOfThisVersion) {
    for (const char* type : {"customer.subscription.trial_will_end", "invoice.finalization_failed",
                             "invoice_payment.paid", "test_helpers.test_clock.ready"})
        EXPECT_TRUE(is_event_type(type)) << type;
    EXPECT_FALSE(is_event_type("*"));
    EXPECT_EQ(event_types().size(), 260U);
}

TEST(WebhookEndpoints, CountInPendingWebhooks) {
    TwinUnderTest twin;
    twin.post("/v1/webhook_endpoints", "url=http%3A%2F%2Fh&enabled_events[]=customer.created");
    twin.post("/v1/webhook_endpoints", "url=http%3A%2F%2Fh&enabled_events[]=product.created");
    twin.post("/v1/webhook_endpoints", "url=http%3A%2F%2Fh&enabled_events[]=*");
    twin.post("/v1/customers");
    EXPECT_EQ(twin.get("/v1/events").body.at("data").at(0).at("pending_webhooks"), 2);
    EXPECT_EQ(twin.get("/v1/events?delivery_success=false").body.at("data").size(), 1U);
    EXPECT_TRUE(twin.get("/v1/events?delivery_success=true").body.at("data").empty());
}

}  // namespace
}  // namespace turnpike::twin
