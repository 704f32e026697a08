#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::recorded;
using testing::shape_of;
using testing::TwinUnderTest;

TEST(Customers, HaveTheRecordedShape) {
    TwinUnderTest twin;
    const auto recording = recorded("customer_created").at("body");
    const auto reply = twin.post("/v1/customers",
                                 "email=stripe%40example.org&name=Stripe+User&expand[0]=tax&"
                                 "expand[1]=invoice_credit_balance");
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(shape_of(reply.body), shape_of(recording));
    for (const char* member :
         {"address", "balance", "currency", "delinquent", "email", "invoice_credit_balance",
          "invoice_settings", "livemode", "metadata", "name", "next_invoice_sequence",
          "preferred_locales", "tax", "tax_exempt", "test_clock"})
        EXPECT_EQ(reply.body.at(member), recording.at(member)) << member;
    EXPECT_EQ(reply.body.at("created"), 1'762'799'351);
}

TEST(Customers, TextsHaveStripesLengths) {
    TwinUnderTest twin;
    const struct {
        const char* member;
        std::size_t most;
    } cases[] = {{"name", 256}, {"phone", 20}, {"description", 5'000}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.member);
        std::string longest;  // counted in characters, of two bytes here
        for (std::size_t i = 0; i < c.most; ++i) longest += "%C3%BC";
        const std::string form = std::string(c.member) + "=" + longest;
        EXPECT_EQ(twin.post("/v1/customers", form).status, 200);
        const auto refused = twin.post("/v1/customers", form + "x");
        EXPECT_EQ(refused.status, 400);
        EXPECT_EQ(refused.error("param"), c.member);
        EXPECT_EQ(refused.error("message"),
                  "Invalid string: \u00fc\u00fc...\u00fcx; must be at most " +
                      std::to_string(c.most) + " characters");
    }
}

TEST(Customers, HideWhatNobodyExpanded) {
    TwinUnderTest twin;
    const auto reply = twin.post("/v1/customers", "email=a%40b.co");
    EXPECT_EQ(shape_of(reply.body), shape_of(recorded("customer_updated").at("body")));
}

TEST(Customers, AnswerAsRecordedWhenMissing) {
    TwinUnderTest twin;
    const auto reply = twin.get("/v1/customers/cus_UFHok2V9yiUPsO");
    const auto recording = recorded("customer_missing");
    EXPECT_EQ(reply.status, recording.at("status"));
    EXPECT_EQ(shape_of(reply.body), shape_of(recording.at("body")));
    for (const char* member : {"code", "doc_url", "message", "param", "type"})
        EXPECT_EQ(Json(reply.error(member)), recording.at("body").at("error").at(member)) << member;
}

TEST(Customers, MergeMetadataAndUnsetWithEmptyText) {
    TwinUnderTest twin;
    const auto id = twin.post_id("/v1/customers",
                                 "metadata[a]=1&metadata[b]=2&name=Ada&address[city]=Bonn&phone=1");
    const auto url = "/v1/customers/" + id;
    auto reply = twin.post(url, "metadata[a]=&metadata[c]=3&phone=&address[line1]=Markt");
    EXPECT_EQ(to_text(reply.body.at("metadata")), R"({"b":"2","c":"3"})");
    EXPECT_TRUE(reply.body.at("phone").is_null());
    EXPECT_EQ(reply.body.at("name"), "Ada");
    EXPECT_EQ(reply.body.at("address").at("city"), "Bonn");
    EXPECT_EQ(reply.body.at("address").at("line1"), "Markt");

    reply = twin.post(url, "metadata=&address=");
    EXPECT_TRUE(reply.body.at("metadata").empty());
    EXPECT_TRUE(reply.body.at("address").is_null());
}

TEST(Customers, TellInAnUpdateEventWhatChanged) {
    TwinUnderTest twin;
    const auto id = twin.post_id("/v1/customers", "name=Ada&metadata[k]=old");
    twin.post("/v1/customers/" + id, "name=Bob&metadata[k]=new&metadata[n]=1");
    twin.post("/v1/customers/" + id, "name=Bob");  // changes nothing, says nothing
    EXPECT_THAT(twin.event_types(), ElementsAre("customer.created", "customer.updated"));
    const auto event = twin.get("/v1/events?type=customer.updated").body.at("data").at(0);
    EXPECT_EQ(to_text(event.at("data").at("previous_attributes")),
              R"({"metadata":{"k":"old","n":null},"name":"Ada"})");
    EXPECT_EQ(event.at("data").at("object").at("name"), "Bob");
}

TEST(Customers, AreStillRetrievedAfterDeletion) {
    TwinUnderTest twin;
    const auto id = twin.post_id("/v1/customers", "email=a%40b.co");
    const auto tombstone = R"({"id":")" + id + R"(","object":"customer","deleted":true})";
    EXPECT_EQ(to_text(twin.del("/v1/customers/" + id).body), tombstone);
    const auto again = twin.get("/v1/customers/" + id);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(to_text(again.body), tombstone);
    EXPECT_EQ(twin.post("/v1/customers/" + id, "name=x").status, 404);
    EXPECT_EQ(twin.del("/v1/customers/" + id).status, 404);
    EXPECT_TRUE(twin.get("/v1/customers").body.at("data").empty());
    EXPECT_THAT(twin.event_types(), ElementsAre("customer.created", "customer.deleted"));
}

TEST(Customers, AreFoundByEmail) {
    TwinUnderTest twin;
    twin.post("/v1/customers", "email=a%40b.co");
    const auto wanted = twin.post_id("/v1/customers", "email=c%40d.co");
    const auto list = twin.get("/v1/customers?email=c%40d.co").body.at("data");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list.at(0).at("id"), wanted);
}

TEST(Customers, TakeADefaultMethodOnlyFromTheirOwn) {
    TwinUnderTest twin;
    const auto ada = twin.post_id("/v1/customers", "email=a%40b.co");
    const auto bob = twin.post_id("/v1/customers", "email=b%40b.co");
    const auto method = twin.post_id("/v1/payment_methods/pm_card_visa/attach", "customer=" + ada);
    const auto form = "invoice_settings[default_payment_method]=" + method;
    const auto refused = twin.post("/v1/customers/" + bob, form);
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("param"), "invoice_settings[default_payment_method]");
    EXPECT_THAT(refused.error("message"), HasSubstr("must be attached to the customer"));

    const auto set = twin.post("/v1/customers/" + ada, form);
    EXPECT_EQ(set.body.at("invoice_settings").at("default_payment_method"), method);
    const auto unset =
        twin.post("/v1/customers/" + ada, "invoice_settings[default_payment_method]=");
    EXPECT_TRUE(unset.body.at("invoice_settings").at("default_payment_method").is_null());
}

// The fixture of `stripe trigger customer.subscription.created`.
TEST(Customers, AreMadeWithATestCardAsTheirDefault) {
    TwinUnderTest twin;
    const auto reply = twin.post("/v1/customers",
                                 "description=(created+by+Stripe+CLI)&payment_method=pm_card_visa&"
                                 "invoice_settings[default_payment_method]=pm_card_visa");
    ASSERT_EQ(reply.status, 200);
    const auto method =
        reply.body.at("invoice_settings").at("default_payment_method").get<std::string>();
    const auto stored = twin.get("/v1/payment_methods/" + method);
    EXPECT_EQ(stored.body.at("customer"), reply.body.at("id"));
}

TEST(Customers, RefuseBadInputWithoutATrace) {
    TwinUnderTest twin;
    const auto bad_email = twin.post("/v1/customers", "email=nobody");
    EXPECT_EQ(bad_email.status, 400);
    EXPECT_EQ(bad_email.error("code"), "email_invalid");
    const auto declined = twin.post("/v1/customers", "payment_method=pm_card_chargeDeclined");
    EXPECT_EQ(declined.status, 402);
    EXPECT_TRUE(twin.get("/v1/customers").body.at("data").empty());
    EXPECT_TRUE(twin.event_types().empty());
}

}  // namespace
}  // namespace turnpike::twin
