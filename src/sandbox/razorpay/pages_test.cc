#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using testing::kDay;
using testing::TwinUnderTest;

/// What a person pays by an order's link is the invoice's, where the order is one of an invoice.
class PaidByLink : public ::testing::Test {
protected:
    std::string invoice() {
        return text_of(twin_
                           .post("/v1/invoices", R"({"line_items": [{"name": "Work",
            "amount": 50000}], "customer": {"email": "a@b.in"}})")
                           .body,
                       "id");
    }
    Json look(const std::string& invoice) { return twin_.get("/v1/invoices/" + invoice).body; }
    std::string order_page(const std::string& invoice) {
        return "/p/order/" + text_of(look(invoice), "order_id");
    }
    std::int64_t payments() { return integer_of(twin_.get("/v1/payments").body, "count"); }
    /// A subscription that is halted, and the invoice that could not be collected.
    std::string halted() {
        const auto id = twin_.active_subscription(twin_.plan());
        twin_.let_charges(id, "fail");
        twin_.advance(35 * kDay);
        EXPECT_EQ(twin_.look(id).at("status"), "halted");
        return id;
    }
    std::string open_invoice_of(const std::string& subscription) {
        for (const Json& invoice :
             twin_.get("/v1/invoices?subscription_id=" + subscription).body.at("items"))
            if (text_of(invoice, "status") == "issued") return text_of(invoice, "id");
        return "";
    }
    TwinUnderTest twin_;
};

TEST_F(PaidByLink, AnInvoiceIsPaidByItsOrder) {
    const auto id = invoice();
    const auto page = order_page(id);
    twin_.submit(page, "action=fail");
    EXPECT_EQ(look(id).at("status"), "issued");
    twin_.submit(page, "action=authorise");
    EXPECT_EQ(look(id).at("status"), "paid");
    EXPECT_EQ(look(id).at("amount_paid"), 50'000);
    EXPECT_EQ(payments(), 2);
    // Once: neither of the two pages takes more.
    twin_.submit(page, "action=authorise");
    twin_.submit("/p/invoice/" + id, "action=authorise");
    EXPECT_EQ(payments(), 2);
}

TEST_F(PaidByLink, NobodyPaysTheOrderOfACancelledOrExpiredInvoice) {
    const auto cancelled = invoice();
    const auto cancelled_page = order_page(cancelled);
    twin_.post("/v1/invoices/" + cancelled + "/cancel");
    const auto expired = invoice();
    const auto now = integer_of(look(expired), "created_at");
    twin_.patch("/v1/invoices/" + expired, R"({"expire_by": )" + std::to_string(now + 60) + "}");
    const auto expired_page = order_page(expired);
    twin_.advance(60);
    for (const auto& page : {cancelled_page, expired_page}) {
        EXPECT_THAT(twin_.get(page).text, ::testing::Not(::testing::HasSubstr("<form")));
        EXPECT_EQ(twin_.submit(page, "action=authorise").status, 303);
    }
    EXPECT_EQ(payments(), 0);
}

TEST_F(PaidByLink, AHaltedSubscriptionLivesAgainByTheOrderOfItsInvoice) {
    const auto id = halted();
    const auto invoice = open_invoice_of(id);
    twin_.submit(order_page(invoice), "action=authorise");
    EXPECT_EQ(look(invoice).at("status"), "paid");
    EXPECT_EQ(twin_.look(id).at("status"), "active");
    EXPECT_EQ(twin_.look(id).at("paid_count"), 2);
}

TEST_F(PaidByLink, WhatIsSaidOfLaterChargesIsKept) {
    const auto id = halted();
    twin_.submit("/p/invoice/" + open_invoice_of(id), "action=authorise&later=fail");
    EXPECT_EQ(twin_.look(id).at("status"), "active");
    twin_.advance(24 * kDay);  // from 14 February on; the cycle ends on 10 March
    EXPECT_EQ(twin_.look(id).at("status"), "pending");
}

TEST_F(PaidByLink, FormsOfNoPageAreRefused) {
    const auto page = order_page(invoice());
    for (const char* form :
         {"", "action=steal", "action=authorise&method=cash", "action=authorise&later=maybe",
          "action=authorise&x=1", "action[]=authorise", "%zz"})
        EXPECT_EQ(twin_.submit(page, form).status, 400) << form;
    EXPECT_EQ(twin_.submit("/p/order/order_00000000000000", "action=authorise").status, 404);
    EXPECT_EQ(payments(), 0);
}

using ::testing::HasSubstr, ::testing::Not;

TEST_F(PaidByLink, AnOrderIsPaidOnceAndTheShopCaptures) {
    const auto order = text_of(
        twin_.post("/v1/orders", R"({"amount": 50000, "currency": "INR", "receipt": "r"})").body,
        "id");
    const auto path = "/p/order/" + order;
    EXPECT_THAT(twin_.get(path).text, Not(HasSubstr("Later charges"))) << "there are none";
    EXPECT_EQ(twin_.get("/v1/orders?authorized=1").body.at("count"), 0);
    twin_.submit(path, "action=authorise");
    EXPECT_THAT(twin_.get(path).text, HasSubstr("payment is <strong>authorized</strong>"));
    EXPECT_THAT(twin_.get(path).text, Not(HasSubstr("<form")));
    twin_.submit(path, "action=authorise");
    EXPECT_EQ(payments(), 1);
    EXPECT_EQ(twin_.get("/v1/orders?authorized=1").body.at("count"), 1);
    EXPECT_EQ(twin_.get("/v1/orders?authorized=0").body.at("count"), 0);
    EXPECT_EQ(twin_.get("/v1/orders?receipt=r").body.at("count"), 1);
    EXPECT_EQ(twin_.get("/v1/orders?receipt=q").body.at("count"), 0);
}

TEST_F(PaidByLink, AnAuthorisationSaysWhatIsChargedNow) {
    const auto plan = twin_.plan();
    const std::string addon = R"(, "addons": [{"item": {"name": "Delivery", "description": "Once",
        "amount": 30000, "currency": "INR"}}])";
    const auto start = std::to_string(unix_seconds(twin_.clock().now()) + 3 * kDay);
    const auto page = [&](const std::string& more) {
        return twin_.get("/p/subscription/" + twin_.subscription(plan, more)).text;
    };
    const auto now = page(R"(, "quantity": 2)" + addon);
    EXPECT_THAT(now, HasSubstr("₹1,000.00 every month"));
    EXPECT_THAT(now, HasSubstr("Charged now: <strong>₹1,300.00</strong>"));  // 2 * 500 + 300
    EXPECT_THAT(now, HasSubstr("Delivery"));
    EXPECT_THAT(now, HasSubstr("name=\"email\""));
    const auto ahead = page(R"(, "start_at": )" + start + addon);
    EXPECT_THAT(ahead, HasSubstr("Charged now: <strong>₹300.00</strong>"));
    EXPECT_THAT(ahead, HasSubstr("The first cycle is charged on 13 January 2027"));
    const auto proof = page(R"(, "start_at": )" + start);
    EXPECT_THAT(proof, HasSubstr("Charged now: <strong>₹5.00</strong>, and given back at once"));
}

/// India's midnight is 18:30 in UTC.
TEST_F(PaidByLink, DaysAreIndias) {
    const auto at = [](const char* moment) {
        return std::to_string(unix_seconds(*parse_rfc3339(moment)));
    };
    const auto plan = twin_.plan();
    struct Case {
        const char *start, *day;
    };
    for (const Case& c : {Case{"2027-01-12T18:29:59Z", "12 January 2027"},
                          Case{"2027-01-12T18:30:00Z", "13 January 2027"}}) {
        const auto id = twin_.subscription(plan, R"(, "start_at": )" + at(c.start));
        EXPECT_THAT(twin_.get("/p/subscription/" + id).text,
                    HasSubstr(std::string("The first cycle is charged on ") + c.day));
    }
    const auto made =
        twin_.post("/v1/invoices", R"({"line_items": [{"name": "Pen", "amount": 1000}],
        "customer": {"email": "a@b.in"}, "date": )" +
                                       at("2027-01-10T20:00:00Z") + R"(, "expire_by": )" +
                                       at("2027-12-31T18:30:00Z") + "}");
    const auto page = twin_.get("/p/invoice/" + text_of(made.body, "id")).text;
    EXPECT_THAT(page, HasSubstr("Date</th><td>11 January 2027"));
    EXPECT_THAT(page, HasSubstr("Payable until</th><td>1 January 2028"));
}

TEST_F(PaidByLink, AnInvoiceShowsItsLinesAndItsCustomer) {
    const auto made = twin_.post("/v1/invoices", R"({"description": "For <May>", "receipt": "#9",
        "line_items": [{"name": "Pen", "description": "Blue", "amount": 1000, "quantity": 3}],
        "customer": {"email": "a@b.in", "name": "Asha", "contact": "99"}})");
    const auto page = twin_.get("/p/invoice/" + text_of(made.body, "id")).text;
    for (const char* text : {"Pen, 3 × ₹10.00", "Blue", "₹30.00", "Asha", "a@b.in", "99", "#9",
                             "For &lt;May&gt;", "name=\"method\""})
        EXPECT_THAT(page, HasSubstr(text));
    EXPECT_THAT(page, Not(HasSubstr("name=\"email\""))) << "it is known";
    EXPECT_THAT(page, Not(HasSubstr("name=\"later\""))) << "there are no later charges";
    const auto owed = "/p/invoice/" + open_invoice_of(halted());
    EXPECT_THAT(twin_.get(owed).text, HasSubstr("name=\"later\""));
}

}  // namespace
}  // namespace turnpike::twin::razorpay
