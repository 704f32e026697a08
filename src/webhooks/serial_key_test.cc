#include "webhooks/serial_key.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

TEST(SerialKey, IsTheCustomerWhereThereIsOne) {
    struct Case {
        const char* name;
        const char* event;
        const char* key;
    };
    const Case cases[] = {
        {"bare id", R"({"data":{"object":{"id":"sub_1","customer":"cus_1"}}})", "cus_1"},
        {"expanded", R"({"data":{"object":{"id":"sub_1","customer":{"id":"cus_1"}}}})", "cus_1"},
        {"a customer itself", R"({"data":{"object":{"id":"cus_1","object":"customer"}}})", "cus_1"},
        {"null customer", R"({"data":{"object":{"id":"clock_1","customer":null}}})", "clock_1"},
        {"no customer", R"({"data":{"object":{"id":"price_1"}}})", "price_1"},
        {"no id", R"({"data":{"object":{}}})", ""},
        {"odd customer", R"({"data":{"object":{"id":"in_1","customer":7}}})", "in_1"},
        {"no object", R"({"data":{}})", ""},
        {"data is a list", R"({"data":[]})", ""},
        {"not an object", R"([1])", ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(serial_key(Json::parse(c.event)), c.key);
    }
}

TEST(SerialKey, OfRazorpaysEventsIsTheSubscription) {
    struct Case {
        const char* name;
        const char* payload;
        const char* key;
    };
    const Case cases[] = {
        {"its own", R"({"subscription":{"entity":{"id":"sub_1"}}})", "sub_1"},
        {"with a payment",
         R"({"payment":{"entity":{"id":"pay_1"}},"subscription":{"entity":{"id":"sub_1"}}})",
         "sub_1"},
        {"an invoice's", R"({"invoice":{"entity":{"id":"inv_1","subscription_id":"sub_1"}}})",
         "sub_1"},
        {"an invoice of its own", R"({"invoice":{"entity":{"id":"inv_1","subscription_id":null}}})",
         "inv_1"},
        {"a payment of an invoice", R"({"payment":{"entity":{"id":"pay_1","invoice_id":"inv_1"}}})",
         "inv_1"},
        {"a payment", R"({"payment":{"entity":{"id":"pay_1"}}})", "pay_1"},
        {"a refund", R"({"refund":{"entity":{"id":"rfnd_1","payment_id":"pay_1"}}})", "pay_1"},
        {"something else", R"({"dispute":{"entity":{"id":"disp_1"}}})", ""},
        {"nothing", "[]", ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto event = R"({"entity":"event","payload":)" + std::string(c.payload) + "}";
        EXPECT_EQ(serial_key(Json::parse(event)), c.key);
    }
}

}  // namespace
}  // namespace turnpike
