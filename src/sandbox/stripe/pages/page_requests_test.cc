#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A checkout session for one mug; the path of its page.
std::string checkout_page_of(TwinUnderTest& twin) {
    const auto session =
        twin.post("/v1/checkout/sessions",
                  "mode=payment&success_url=https%3A%2F%2Fshop.example%2Fdone"
                  "&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd"
                  "&line_items[0][price_data][unit_amount]=1500"
                  "&line_items[0][price_data][product_data][name]=Mug");
    return "/c/pay/" + text_of(session.body, "id");
}

http::Headers from(std::string_view origin) {
    return {{"Host", "localhost:12111"}, {"Origin", std::string(origin)}};
}

constexpr const char* kGoodCard =
    "action=card&email=ada%40example.com&number=4242424242424242&exp=12%2F34&cvc=123&name=Ada";

TEST(PageRequests, AreTakenFromNoPageOfAnotherOrigin) {
    TwinUnderTest twin;
    const std::string page = checkout_page_of(twin);
    for (const char* origin : {"https://evil.example", "http://localhost:12112", "null"}) {
        const auto refused = twin.post(page, kGoodCard, from(origin));
        EXPECT_EQ(refused.status, 403) << origin;
        EXPECT_THAT(refused.text, HasSubstr("Nothing was changed"));
    }
    EXPECT_TRUE(twin.get("/v1/charges").body.at("data").empty());
    EXPECT_EQ(twin.get(page, from("https://evil.example")).status, 200);
    const auto paid = twin.post(page, kGoodCard, from("http://localhost:12111"));
    EXPECT_EQ(paid.status, 303);
    EXPECT_EQ(paid.header("Location"), "https://shop.example/done");
}

TEST(PageRequests, WithoutAnOriginAreProgramsAndTaken) {
    TwinUnderTest twin;
    const std::string page = checkout_page_of(twin);
    EXPECT_EQ(twin.post(page, kGoodCard).header("Location"), "https://shop.example/done");
}

TEST(PageRequests, ForTheHeadersAloneLeaveTheNoticeToBeRead) {
    TwinUnderTest twin;
    const std::string page = checkout_page_of(twin);
    twin.post(page,
              "action=card&email=a%40b.co&number=4242424242424241&exp=12%2F34&cvc=123&name=A");
    EXPECT_EQ(twin.head(page).status, 200);
    EXPECT_THAT(twin.get(page).text, HasSubstr("Your card number is incorrect."));
    EXPECT_THAT(twin.get(page).text, Not(HasSubstr("Your card number is incorrect.")));
}

}  // namespace
}  // namespace turnpike::twin::testing
