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

}  // namespace
}  // namespace turnpike
