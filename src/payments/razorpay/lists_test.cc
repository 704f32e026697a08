#include <algorithm>
#include <atomic>

#include "http/testing.h"
#include "payments/razorpay/testing.h"

namespace turnpike::razorpay {
namespace {

using http::testing::plainly;
using http::testing::TestServer;

/// An account with so many subscriptions that nobody reads them twice. The newest is "sub_0".
class RazorpayLists : public ProviderTest {
protected:
    RazorpayLists() { connect(quick(server.url())); }

    http::Response answer(const http::Request& request) {
        ++requests;
        const auto said = [&](std::string_view name) -> std::int64_t {
            for (const auto& [key, value] : request.query)
                if (key == name) return std::stoll(value);
            return 0;
        };
        if (request.method == http::Method::Post) return http::ok(Json{{"id", "ao_1"}});
        Json items = Json::array();
        for (auto i = said("skip"); i < std::min(total, said("skip") + said("count")); ++i)
            items.push_back(
                {{"id", "sub_" + std::to_string(i)},
                 {"plan_id", "plan_1"},
                 {"status", "active"},
                 {"payment_method", "card"},
                 {"created_at", 1'800'000'000},
                 {"notes", {{"turnpike_razorpay_customer", i == ours ? "cust_1" : "x"}}}});
        return http::ok(Json{{"entity", "collection"}, {"items", std::move(items)}});
    }

    std::int64_t total = 10'050;
    std::int64_t ours = 0;
    std::atomic<int> requests = 0;
    TestServer server{plainly([this](http::Request& request) { return answer(request); })};
};

TEST_F(RazorpayLists, AreReadToTheirEnd) {
    ours = total - 1;
    const auto methods = must(run(provider->list_payment_methods("cust_1")));
    ASSERT_EQ(methods.size(), 1U);
    EXPECT_EQ(methods[0].id, "sub_10049");
    EXPECT_EQ(requests, 101);  // 100 a page
}

TEST_F(RazorpayLists, AreReadNoFurtherThanWhatIsLookedFor) {
    ours = 150;
    const NewInvoiceItem extra{.obligation = "extra",
                               .customer = "cust_1",
                               .invoice = std::nullopt,
                               .amount = Money(1'000, Currency::Inr),
                               .description = "API calls",
                               .period = {clock.now(), clock.now()},
                               .metadata = {}};
    EXPECT_EQ(must(run(provider->add_invoice_item(extra))), "ao_1");
    EXPECT_EQ(requests, 3) << "two pages, and the addon";
    EXPECT_EQ(intent("extra").path, "/v1/subscriptions/sub_150/addons");
}

}  // namespace
}  // namespace turnpike::razorpay
