#include "sandbox/stripe/wire/unsupported.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"
#include "sandbox/stripe/wire/stripe_tables.h"

namespace turnpike::twin {
namespace {

using testing::Reply;
using ::testing::StartsWith;
using testing::TwinUnderTest;

// Names from PaymentIntentCreateParams and its like in stripe@20.4.1.
TEST(StripeParameter, IsKnownByItsOperationAndItsPlace) {
    constexpr CalledOperation kCreate{"POST", "/v1/subscriptions"};
    for (const auto* name : {"automatic_tax", "automatic_tax[enabled]", "items[0][price]",
                             "items[12][price_data][recurring][interval]", "metadata[anything]"})
        EXPECT_TRUE(is_stripe_parameter(kCreate, name)) << name;
    for (const auto* name :
         {"foo", "automatic_tax[foo]", "items[0][foo]", "items[0][price][foo]", "", "price"})
        EXPECT_FALSE(is_stripe_parameter(kCreate, name)) << name;
    EXPECT_TRUE(is_stripe_parameter({"GET", "/v1/customers/search"}, "query"));
    EXPECT_FALSE(is_stripe_parameter({"GET", "/v1/customers/cus_1"}, "query"));
    EXPECT_FALSE(is_stripe_parameter({"GET", "/v1/nothing"}, "query"));
    EXPECT_TRUE(is_stripe_parameter({"POST", "/v1/prices"}, "currency_options[eur][unit_amount]"));
}

TEST(StripeParameter, ThatTheSandboxLacksIsRefusedByName) {
    TwinUnderTest twin;
    const Reply lacks = twin.post("/v1/customers", "individual_name=Ada");
    EXPECT_EQ(lacks.status, 400);
    EXPECT_EQ(lacks.error("code"), "");
    EXPECT_EQ(lacks.error("param"), "individual_name");
    EXPECT_EQ(lacks.error("message"),
              "This sandbox does not support individual_name, although Stripe does: see "
              "docs/sandbox.md.");
    const Reply both = twin.post("/v1/customers", "individual_name=Ada&foo=1");
    EXPECT_EQ(both.error("code"), "parameter_unknown");
    EXPECT_EQ(both.error("message"), "Received unknown parameter: foo");
    EXPECT_EQ(both.text.find("\"_unknown"), std::string::npos);
}

TEST(StripeOperation, ThatTheSandboxLacksIsRefusedByName) {
    TwinUnderTest twin;
    const Reply lacks = twin.get("/v1/payouts/po_1");
    EXPECT_EQ(lacks.status, 404);
    EXPECT_EQ(lacks.error("message"),
              "This sandbox does not have GET /v1/payouts/po_1, although Stripe does: see "
              "docs/sandbox.md.");
    EXPECT_THAT(twin.get("/v1/nothing").error("message"), StartsWith("Unrecognized request URL"));
    EXPECT_THAT(twin.del("/v1/customers").error("message"), StartsWith("Unrecognized request URL"));
    // stripe@20.4.1 has no methods for the old paths below a charge.
    for (const std::string below : {"/refunds", "/refund", "/dispute", "/dispute/close"}) {
        const Reply old = twin.post("/v1/charges/ch_1" + below, "");
        EXPECT_EQ(old.status, 404);
        EXPECT_THAT(old.error("message"),
                    StartsWith("Unrecognized request URL (POST: /v1/charges/ch_1" + below + ")."));
    }
}

/// "POST /v1/customers/{}" and the names of its parameters, without what is inside them.
struct KnownOperation {
    std::string method, path;
    std::vector<std::string> names;
};
std::vector<KnownOperation> known_operations() {
    std::vector<KnownOperation> all(1);
    std::string word;
    int open = 0;
    for (const char c : stripe_tables().back().text) {
        open += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (open > 0 || c == ')') continue;
        if (c != ' ' && c != '\n') {
            word += c;
            continue;
        }
        auto& operation = all.back();
        if (operation.method.empty()) {
            operation.method = word;
        } else if (operation.path.empty()) {
            operation.path = word;
        } else {
            operation.names.push_back(word);
        }
        word.clear();
        if (c == '\n') all.emplace_back();
    }
    all.pop_back();
    return all;
}

TEST(StripeParameter, IsNeverUnknown) {
    TwinUnderTest twin;
    const auto operations = known_operations();
    ASSERT_GT(operations.size(), 150U);
    for (const auto& [method, path, names] : operations) {
        const std::string url = std::string(path).replace(std::min(path.find("{}"), path.size()),
                                                          path.contains("{}") ? 2 : 0,
                                                          path.contains("{}") ? "x_1" : "");
        for (const auto& name : names) {
            SCOPED_TRACE(method + " " + url + " " + name);
            const std::string form = name + "=";
            const Reply reply = method == "POST"  ? twin.post(url, form)
                                : method == "GET" ? twin.get(url + "?" + form)
                                                  : twin.del(url + "?" + form);
            EXPECT_NE(reply.error("code"), "parameter_unknown");
            EXPECT_LT(reply.status, 500);
        }
    }
}

}  // namespace
}  // namespace turnpike::twin
