#include "sandbox/inspector/json_view.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike::twin {
namespace {

TEST(JsonView, KnowsAnId) {
    for (const char* id : {"cus_QXg1o8vlGmeWfN", "acct_1032D82eZvKYlo2C", "clock_100VbhnvU82yhCdc",
                           "pi_3PgafmB7WZ01zgkW1X2xbDFR_secret_abc", "rfnd_00000000000001"})
        EXPECT_TRUE(looks_like_id(id)) << id;
    for (const char* text :
         {"requires_payment_method", "card", "at_period_end", "", "_12345678901", "a_1234567890",
          "created by_12345678", "cus_1", "charge_automatically", "Acct_12345678"})
        EXPECT_FALSE(looks_like_id(text)) << text;
}

TEST(JsonView, IndentsEscapesLinksAndHidesWhatIsPrivate) {
    const Json document = *parse_json(
        R"({"id": "cus_QXg1o8vlGmeWfN", "name": "<b>&\"", "_secret": "s", "none": null,
            "list": [1, {"a": true}], "empty": {}, "nothing": []})");
    const auto view =
        json_view(document, [](std::string_view id) { return "/x?" + std::string(id); });
    EXPECT_EQ(view.find("_secret"), std::string::npos);
    EXPECT_NE(
        view.find("&quot;id&quot;: \"<a href=\"/x?cus_QXg1o8vlGmeWfN\">cus_QXg1o8vlGmeWfN</a>\""),
        std::string::npos);
    EXPECT_NE(view.find("&lt;b&gt;&amp;\\&quot;"), std::string::npos);
    EXPECT_NE(view.find("\n    {\n      &quot;a&quot;: true\n    }\n  ]"), std::string::npos);
    EXPECT_NE(view.find("&quot;empty&quot;: {}"), std::string::npos);
    EXPECT_NE(view.find("&quot;nothing&quot;: []"), std::string::npos);
}

TEST(JsonView, ShowsEveryNameThatAClientChose) {
    const Json document = *parse_json(R"({"metadata": {"_order": "7"}, "_secret": {"k": 1}})");
    const auto view = json_view(document, nullptr);
    EXPECT_NE(view.find("&quot;_order&quot;: &quot;7&quot;"), std::string::npos) << view;
    EXPECT_EQ(view.find("_secret"), std::string::npos);
}

TEST(JsonView, ShowsABodyAsItIsWhenItIsNotJson) {
    EXPECT_EQ(body_view("<h1>no"), "&lt;h1&gt;no");
    EXPECT_EQ(body_view("12"), "12");
    EXPECT_EQ(body_view(R"({"a":"cus_QXg1o8vlGmeWfN"})"),
              "{\n  &quot;a&quot;: &quot;cus_QXg1o8vlGmeWfN&quot;\n}");
}

}  // namespace
}  // namespace turnpike::twin
