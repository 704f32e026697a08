#include "sandbox/stripe/search/search_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike::twin {
namespace {

constexpr SearchField kFields[] = {
    {"amount", FieldType::Number, "amount"},    {"email", FieldType::Text, "email"},
    {"number", FieldType::Text, "deep.number"}, {"refunded", FieldType::Token, "refunded"},
    {"status", FieldType::Token, "status"},
};

const Json kObject{{"amount", 1000},
                   {"email", "Amy@Rocketrides.io"},
                   {"deep", {{"number", nullptr}}},
                   {"refunded", false},
                   {"status", "active"},
                   {"metadata", {{"key", "Value"}, {"it's", "a \"b\" \\"}}}};

Outcome<SearchQuery> read(std::string_view text) {
    auto query = parse_search_query(text);
    if (!query) return query;
    return checked_query(*std::move(query), kFields, "payment_intents");
}

// docs.stripe.com/search: the operators, the case of letters, negation, null, AND and OR.
TEST(SearchQuery, MatchesAsItsOperatorsSay) {
    struct Case {
        const char* query;
        bool found;
    };
    const Case cases[] = {
        {R"(email:"amy@rocketrides.io")", true},
        {R"(email:"amy")", false},
        {R"(email~"amy")", true},
        {R"(email~'ROCKET')", true},
        {R"(email~"bob")", false},
        {R"(-email~"bob")", true},
        {R"(amount:1000)", true},
        {R"(amount:"1000")", true},
        {R"(amount>999)", true},
        {R"(amount>1000)", false},
        {R"(amount>=1000)", true},
        {R"(amount<"1001")", true},
        {R"(amount<1000)", false},
        {R"(amount<=1000)", true},
        {R"(amount>-1)", true},
        {R"(refunded:"false")", true},
        {R"(refunded:'true')", false},
        {R"(metadata["key"]:"value")", true},
        {R"(metadata['key']:'other')", false},
        {R"(metadata["none"]:null)", true},
        {R"(-metadata["key"]:null)", true},
        {R"(metadata["it's"]:"a \"b\" \\")", true},
        {R"(number:null)", true},
        {R"(-number:NULL)", false},
        {R"(number:"null")", false},
        {R"(status:"active" amount>5000)", false},
        {R"(status:"active" AND amount>500)", true},
        {R"(  status:"active"   and  amount>500  )", true},
        {R"(status:"canceled" OR amount>500)", true},
        {R"(status:"canceled" or amount>5000)", false},
        {R"(status:"canceled" OR amount>5000 OR -refunded:"true")", true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.query);
        const auto query = read(c.query);
        ASSERT_TRUE(query.has_value());
        EXPECT_EQ(matches(*query, kFields, kObject), c.found);
    }
}

TEST(SearchQuery, RefusesWhatItCannotRead) {
    for (const char* query :
         {"",
          " ",
          "asdf",
          "email",
          "email:",
          "email=\"a\"",
          "email:amy",
          "email:\"amy",
          "email:\"amy\\\"",
          "email:\"amy\"status:\"a\"",
          "metadata:\"a\"",
          "metadata[key]:\"a\"",
          "metadata[\"key\":\"a\"",
          "metadata[\"key\"]",
          "(email:\"a\")",
          "email:\"a\" AND",
          "email:\"a\" AND ",
          "AND email:\"a\"",
          "amount:1.5",
          "amount:99999999999999999999",
          "email:\"a\" AND AND amount:1",
          "-",
          "--email:\"a\"",
          ":\"a\"",
          "email:\"a\" OR amount:1 AND amount:2",
          "email:\"a\" amount:1 OR amount:2",
          "amount:1 amount:2 amount:3 amount:4 amount:5 amount:6 amount:7 amount:8 amount:9 "
          "amount:10 amount:11"}) {
        SCOPED_TRACE(query);
        const auto parsed = parse_search_query(query);
        ASSERT_FALSE(parsed.has_value());
        EXPECT_EQ(parsed.error().http_status, 400);
        EXPECT_THAT(parsed.error().message,
                    ::testing::StartsWith("We were unable to parse your search query."));
    }
}

TEST(SearchQuery, MayHaveTenClauses) {
    EXPECT_TRUE(parse_search_query("amount:1 amount:2 amount:3 amount:4 amount:5 amount:6 "
                                   "amount:7 amount:8 amount:9 amount:10")
                    .has_value());
}

TEST(SearchQuery, RefusesWhatAFieldCannotBeAsked) {
    struct Case {
        const char *query, *message;
    };
    const Case cases[] = {
        {"foo:\"bar\"",
         "Field `foo` is an unsupported search field for resource `payment_intents`. See "
         "http://stripe.com/docs/search#query-fields-for-payment-intents for a list of supported "
         "fields."},
        {"status~\"act\"", "substring"},
        {"metadata[\"key\"]~\"val\"", "substring"},
        {"email~\"am\"", "at least 3"},
        {"email~null", "at least 3"},
        {"email>\"amy\"", "numeric"},
        {"metadata[\"key\"]>1", "numeric"},
        {"amount:\"abc\"", "integer"},
        {"amount>null", "null"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.query);
        const auto query = read(c.query);
        ASSERT_FALSE(query.has_value());
        EXPECT_THAT(query.error().message, ::testing::HasSubstr(c.message));
    }
}

}  // namespace
}  // namespace turnpike::twin
