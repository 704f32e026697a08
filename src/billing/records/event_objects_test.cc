#include "billing/records/event_objects.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

TEST(EventObjects, OfStripesEvents) {
    struct Case {
        const char* type;
        const char* object;
        const char* subscription;
        const char* invoice;
    };
    const Case cases[] = {
        {"customer.subscription.updated", R"({"id":"sub_1"})", "sub_1", ""},
        {"invoice.paid", R"({"id":"in_1","subscription":"sub_1"})", "sub_1", "in_1"},
        {"invoice.paid",
         R"({"id":"in_1","parent":{"subscription_details":{"subscription":"sub_1"}}})", "sub_1",
         "in_1"},
        {"invoice.paid", R"({"id":"in_1"})", "", "in_1"},
        {"invoice.upcoming", R"({"id":"upcoming_in_1"})", "", ""},
        {"charge.refunded", R"({"id":"ch_1"})", "", ""},
        {"customer.subscription.updated", R"({"id":7})", "", ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.type) + c.object);
        const Json event{{"data", {{"object", Json::parse(c.object)}}}};
        const auto objects = objects_of_stripe_event(c.type, event);
        EXPECT_EQ(objects.subscription, c.subscription);
        EXPECT_EQ(objects.invoice, c.invoice);
    }
}

TEST(EventObjects, OfMoneyThatGoesBack) {
    struct Case {
        const char *type, *object, *refund, *payment, *dispute;
    };
    const Case cases[] = {
        {"charge.refunded", R"({"id":"ch_1"})", "", "ch_1", ""},
        {"charge.refund.updated", R"({"id":"re_1","charge":"ch_1"})", "re_1", "", ""},
        {"refund.created", R"({"id":"re_1"})", "re_1", "", ""},
        {"refund.failed", R"({"id":"re_1"})", "re_1", "", ""},
        {"charge.dispute.created", R"({"id":"du_1","charge":"ch_1"})", "", "", "du_1"},
        {"charge.dispute.funds_reinstated", R"({"id":"du_1"})", "", "", "du_1"},
        {"charge.succeeded", R"({"id":"ch_1"})", "", "", ""},
        {"charge.refunded", R"({"id":7})", "", "", ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.type) + c.object);
        const Json event{{"data", {{"object", Json::parse(c.object)}}}};
        const auto objects = objects_of_stripe_event(c.type, event);
        EXPECT_EQ(objects.refund, c.refund);
        EXPECT_EQ(objects.refunded_payment, c.payment);
        EXPECT_EQ(objects.dispute, c.dispute);
        EXPECT_EQ(objects.subscription + objects.invoice, "");
    }
    const auto razorpays =
        objects_of_razorpay_event(Json::parse(R"({"payload":{"refund":{"entity":{"id":"rfnd_1"}},)"
                                              R"("dispute":{"entity":{"id":"disp_1"}}}})"));
    EXPECT_EQ(razorpays.refund, "rfnd_1");
    EXPECT_EQ(razorpays.dispute, "disp_1");
}

TEST(EventObjects, OfCards) {
    struct Case {
        const char *type, *data, *customer;
    };
    const Case cases[] = {
        {"payment_method.attached", R"({"object":{"id":"pm_1","customer":"cus_1"}})", "cus_1"},
        {"payment_method.detached",
         R"({"object":{"id":"pm_1","customer":null},"previous_attributes":{"customer":"cus_1"}})",
         "cus_1"},
        {"payment_method.detached", R"({"object":{"id":"pm_1","customer":null}})", ""},
        {"customer.updated", R"({"object":{"id":"cus_1"}})", "cus_1"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.type) + c.data);
        const auto objects = objects_of_stripe_event(c.type, Json{{"data", Json::parse(c.data)}});
        EXPECT_EQ(objects.customer, c.customer);
    }
}

TEST(EventObjects, OfDiscounts) {
    struct Case {
        const char *object, *subscription, *customer;
    };
    const Case cases[] = {
        {R"({"id":"di_1","customer":"cus_1","subscription":"sub_1"})", "sub_1", ""},
        {R"({"id":"di_1","customer":"cus_1","subscription":null})", "", "cus_1"},
        {R"({"id":"di_1","customer":7})", "", ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.object);
        const Json event{{"data", {{"object", Json::parse(c.object)}}}};
        const auto objects = objects_of_stripe_event("customer.discount.created", event);
        EXPECT_EQ(objects.subscription, c.subscription);
        EXPECT_EQ(objects.discounted_customer, c.customer);
        EXPECT_EQ(objects.customer + objects.invoice, "");
    }
}

TEST(EventObjects, OfRazorpaysEvents) {
    struct Case {
        const char* name;
        const char* payload;
        const char* subscription;
        const char* invoice;
    };
    const Case cases[] = {
        {"authenticated", R"({"subscription":{"entity":{"id":"sub_1"}}})", "sub_1", ""},
        {"charged",
         R"({"subscription":{"entity":{"id":"sub_1"}},)"
         R"("payment":{"entity":{"invoice_id":"inv_1"}}})",
         "sub_1", "inv_1"},
        {"an invoice paid", R"({"invoice":{"entity":{"id":"inv_1","subscription_id":"sub_1"}}})",
         "sub_1", "inv_1"},
        {"a payment of an invoice", R"({"payment":{"entity":{"id":"p","invoice_id":"inv_1"}}})", "",
         "inv_1"},
        {"a refund",
         R"({"refund":{"entity":{"id":"r"}},"payment":{"entity":{"id":"p","invoice_id":"inv_1"}}})",
         "", "inv_1"},
        {"a payment of an order", R"({"payment":{"entity":{"id":"p","invoice_id":null}}})", "", ""},
        {"nothing", "[]", "", ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto objects = objects_of_razorpay_event(Json{{"payload", Json::parse(c.payload)}});
        EXPECT_EQ(objects.subscription, c.subscription);
        EXPECT_EQ(objects.invoice, c.invoice);
    }
}

}  // namespace
}  // namespace turnpike
