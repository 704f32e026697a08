#include "billing/event_objects.h"

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
