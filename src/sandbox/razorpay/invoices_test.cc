#include <string>
#include <vector>

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
         "The sandbox does not take partial_payment."},
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

// The first example of Razorpay's reference for invoices, with the customer's details.
constexpr const char* kDocumented = R"({"type": "invoice", "description": "January",
    "customer": {"name": "Gaurav Kumar", "contact": 9999999999, "email": "gaurav@example.com",
        "billing_address": {"line1": "Bakers Street", "line2": "Country Road", "zipcode": "560068",
            "city": "Bengaluru", "state": "Karnataka", "country": "in"},
        "shipping_address": {"line1": "Dock 9", "zipcode": 560069, "city": "Bengaluru",
            "country": "in"}},
    "line_items": [{"name": "Master Cloud Computing", "description": "Book by Ravena Ravenclaw",
        "amount": 399, "currency": "INR", "quantity": 1}],
    "sms_notify": 1, "email_notify": 0, "currency": "INR", "receipt": "#0961",
    "date": 1800000000})";

TEST(RazorpayInvoices, KeepWhatIsGivenOfTheCustomerAndTheLines) {
    TwinUnderTest twin;
    const auto made = twin.post("/v1/invoices", kDocumented);
    ASSERT_EQ(made.status, 200) << made.text;
    const Json& customer = made.body.at("customer_details");
    EXPECT_EQ(customer.at("name"), "Gaurav Kumar");
    EXPECT_EQ(customer.at("customer_name"), "Gaurav Kumar");
    EXPECT_EQ(customer.at("contact"), "9999999999");
    EXPECT_EQ(customer.at("billing_address").at("line1"), "Bakers Street");
    EXPECT_EQ(customer.at("billing_address").at("type"), "billing_address");
    EXPECT_TRUE(text_of(customer.at("billing_address"), "id").starts_with("addr_"));
    EXPECT_EQ(customer.at("shipping_address").at("zipcode"), "560069");
    EXPECT_TRUE(customer.at("shipping_address").at("line2").is_null());
    const Json& line = made.body.at("line_items").at(0);
    EXPECT_EQ(line.at("description"), "Book by Ravena Ravenclaw");
    EXPECT_EQ(line.at("type"), "invoice");
    EXPECT_EQ(made.body.at("receipt"), "#0961");
    EXPECT_EQ(made.body.at("invoice_number"), "#0961");
    EXPECT_EQ(made.body.at("sms_status"), "pending");
    EXPECT_TRUE(made.body.at("email_status").is_null()) << "nobody is to be written to";
    EXPECT_EQ(made.body.at("date"), 1'800'000'000);
    // The next one needs the address alone, and nothing is lost by paying it.
    const auto again = twin.post("/v1/invoices", R"({"customer": {"email": "gaurav@example.com"},
        "line_items": [{"name": "Pen", "amount": 100}]})");
    EXPECT_EQ(again.body.at("customer_id"), made.body.at("customer_id"));
    const auto id = text_of(again.body, "id");
    twin.submit("/p/invoice/" + id, "action=authorise");
    const auto paid = twin.get("/v1/invoices/" + id).body;
    EXPECT_EQ(paid.at("status"), "paid");
    EXPECT_EQ(paid.at("customer_details"), customer);
}

TEST(RazorpayInvoices, InventNothingOfACustomer) {
    TwinUnderTest twin;
    const auto with = [&](const char* customer) {
        return twin.post("/v1/invoices", R"({"line_items": [{"name": "a", "amount": 100}],
            "customer": )" + std::string(customer) +
                                             "}");
    };
    const auto by_email = with(R"({"email": "new@example.com"})").body.at("customer_details");
    EXPECT_TRUE(by_email.at("contact").is_null());
    EXPECT_TRUE(by_email.at("billing_address").is_null());
    // Known by its address alone; the rest is learned.
    const auto named = with(R"({"email": "new@example.com", "name": "New"})").body;
    EXPECT_EQ(named.at("customer_id"), by_email.at("id"));
    EXPECT_EQ(named.at("customer_details").at("name"), "New");
    // Another number is another customer's.
    const auto other = with(R"({"email": "new@example.com", "contact": "1234567890"})").body;
    EXPECT_NE(other.at("customer_id"), by_email.at("id"));
    const auto by_number = with(R"({"name": "G", "contact": "9999999999"})");
    EXPECT_EQ(by_number.status, 200) << by_number.text;
    EXPECT_EQ(by_number.body.at("customer_details").at("contact"), "9999999999");
    EXPECT_EQ(with(R"({"name": "G"})").error("field"), "customer.email");
    EXPECT_EQ(with(R"({"email": "a@b.in", "billing_address": {"line1": "x"}})").error("field"),
              "customer.billing_address.zipcode");
}

TEST(RazorpayInvoices, OfALinkHaveNoLines) {
    TwinUnderTest twin;
    const auto link = twin.post(
        "/v1/invoices", R"({"type": "link", "amount": 500, "description": "Tea", "draft": "1"})");
    ASSERT_EQ(link.status, 200) << link.text;
    EXPECT_EQ(link.body.at("line_items"), Json::array());
    for (const char* member : {"amount", "amount_due", "gross_amount"})
        EXPECT_EQ(link.body.at(member), 500) << member;
    EXPECT_TRUE(link.body.at("sms_status").is_null()) << "not while it is a draft";
}

TEST(RazorpayInvoices, AreListedByWhatTheyAreOf) {
    TwinUnderTest twin;
    const auto one = twin.post("/v1/invoices", kDocumented).body;
    const auto link = twin.post("/v1/invoices", R"({"type": "link", "amount": 500})").body;
    twin.submit("/p/invoice/" + text_of(one, "id"), "action=authorise");
    const auto payment = text_of(twin.get("/v1/invoices/" + text_of(one, "id")).body, "payment_id");
    const auto ids = [&](const std::string& query) {
        std::vector<std::string> found;
        for (const Json& item : twin.get("/v1/invoices?" + query).body.at("items"))
            found.push_back(text_of(item, "id"));
        return found;
    };
    EXPECT_THAT(ids("type=link"), ElementsAre(text_of(link, "id")));
    EXPECT_THAT(ids("type=invoice"), ElementsAre(text_of(one, "id")));
    EXPECT_THAT(ids("receipt=%230961"), ElementsAre(text_of(one, "id")));
    EXPECT_THAT(ids("payment_id=" + payment), ElementsAre(text_of(one, "id")));
    EXPECT_THAT(ids("receipt=%230961&type=link"), ::testing::IsEmpty());
    EXPECT_THAT(ids("type=link&skip=1"), ::testing::IsEmpty());
    EXPECT_THAT(ids("type=link&count=1"), ElementsAre(text_of(link, "id")));
}

}  // namespace
}  // namespace turnpike::twin::razorpay
