#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using ::testing::ElementsAre;
using testing::kDay;
using testing::TwinUnderTest;

constexpr const char* kDraft = R"({"draft": "1", "customer": {"email": "a@b.co"}, "line_items":
    [{"name": "Book", "amount": 20000, "quantity": 2}, {"name": "Pen", "amount": 1000}]})";

TEST(RazorpayInvoices, AreIssuedPaidAndTold) {
    TwinUnderTest twin;
    twin.listen();
    const auto draft = twin.post("/v1/invoices", kDraft);
    ASSERT_EQ(draft.status, 200) << draft.text;
    EXPECT_EQ(draft.body.at("status"), "draft");
    EXPECT_EQ(draft.body.at("amount"), 41'000);  // 2 * 20000 + 1000
    EXPECT_TRUE(draft.body.at("order_id").is_null());
    const auto path = "/v1/invoices/" + text_of(draft.body, "id");
    const auto page = "/p/invoice/" + text_of(draft.body, "id");
    twin.submit(page, "action=authorise");
    EXPECT_EQ(twin.get(path).body.at("status"), "draft");

    const auto issued = twin.post(path + "/issue").body;
    EXPECT_EQ(issued.at("status"), "issued");
    EXPECT_EQ(issued.at("customer_details").at("email"), "a@b.co");
    EXPECT_EQ(twin.post(path + "/issue").status, 400);
    EXPECT_EQ(twin.post(path + "/notify_by/email").body, (Json{{"success", true}}));
    EXPECT_EQ(twin.post(path + "/notify_by/pigeon").status, 400);
    twin.submit(page, "action=fail");
    twin.submit(page, "action=authorise");
    twin.submit(page, "action=authorise");
    EXPECT_EQ(twin.get(path).body.at("status"), "paid");
    EXPECT_EQ(twin.get(path).body.at("amount_due"), 0);
    EXPECT_THAT(twin.events(), ElementsAre("payment.failed", "payment.authorized",
                                           "payment.captured", "order.paid", "invoice.paid"));
    EXPECT_EQ(twin.post(path + "/cancel").error("description"),
              "Operation not allowed for Invoice in paid status.");
}

TEST(RazorpayInvoices, ExpireWhenNobodyPays) {
    TwinUnderTest twin;
    const auto expiry = std::to_string(unix_seconds(twin.clock().now()) + 2 * kDay);
    const auto link = twin.post("/v1/invoices", R"({"type": "link", "amount": 500,
        "description": "d", "expire_by": )" + expiry +
                                                    "}");
    ASSERT_EQ(link.status, 200) << link.text;
    const auto path = "/v1/invoices/" + text_of(link.body, "id");
    twin.advance(kDay);
    EXPECT_EQ(twin.get(path).body.at("status"), "issued");
    twin.advance(kDay);
    EXPECT_EQ(twin.get(path).body.at("status"), "expired");
    EXPECT_EQ(twin.get(path).body.at("expired_at"), std::stoll(expiry));
}

TEST(RazorpayInvoices, AreDeletedAsDraftsAndCancelledAfterwards) {
    TwinUnderTest twin;
    const auto draft = "/v1/invoices/" + text_of(twin.post("/v1/invoices", kDraft).body, "id");
    EXPECT_EQ(twin.patch(draft, R"({"notes": {"a": "b"}})").body.at("notes"), (Json{{"a", "b"}}));
    EXPECT_EQ(twin.call(http::Method::Delete, draft).body, Json::array());
    EXPECT_EQ(twin.get(draft).status, 400);
    const auto link =
        "/v1/invoices/" +
        text_of(twin.post("/v1/invoices", R"({"type": "link", "amount": 500})").body, "id");
    EXPECT_EQ(twin.call(http::Method::Delete, link).status, 400);
    EXPECT_EQ(twin.post(link + "/cancel").body.at("status"), "cancelled");
    // A subscription's bill is Razorpay's to issue.
    twin.active_subscription(twin.plan());
    const auto bill = text_of(twin.get("/v1/invoices").body.at("items").at(0), "id");
    EXPECT_EQ(twin.post("/v1/invoices/" + bill + "/cancel").status, 400);
}

TEST(RazorpayInvoices, SayWhatIsWrongWithThem) {
    struct Case {
        const char* body;
        const char* description;
    };
    const Case cases[] = {
        {"{}", "The line items field is required."},
        {R"({"type": "link"})", "The amount field is required."},
        {R"({"type": "x"})", "The selected type is invalid."},
        {R"({"line_items": [{"name": "n", "amount": 1}]})", "The amount must be at least INR 1.00"},
        {R"({"line_items": [{"name": "n", "amount": 100, "x": 1}]})",
         "line_items.0.x is/are not required and should not be sent"},
        {R"({"type": "link", "amount": 500, "expire_by": 5})",
         "expire_by cannot be lesser than the current time."},
        {R"({"type": "link", "amount": 500, "customer_id": "cust_00000000000000"})",
         "The id provided does not exist"},
        {R"({"type": "link", "amount": 500, "partial_payment": 1})",
         "The sandbox does not take partial payments."},
    };
    TwinUnderTest twin;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.body);
        const auto reply = twin.post("/v1/invoices", c.body);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("description"), c.description);
    }
    EXPECT_EQ(twin.get("/v1/invoices").body.at("count"), 0);
}

}  // namespace
}  // namespace turnpike::twin::razorpay
