#include "import/csv_shape.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "import/csv_reader.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;

const Instant kCutover = *parse_rfc3339("2026-11-20T12:00:00Z");

TextTable table_of(const std::string& name, const std::string& text) {
    if (text.empty()) return {};
    auto table = read_csv(name, text);
    EXPECT_TRUE(table) << table.error().message;
    return *std::move(table);
}

Result<ForeignLedger> read_files(const std::string& customers, const std::string& subscriptions) {
    return read_customer_files(
        {table_of("customers", customers), table_of("subscriptions", subscriptions)}, kCutover);
}

std::vector<std::string> codes_of(const ForeignCustomer& customer) {
    std::vector<std::string> codes;
    for (const auto& remark : customer.remarks) codes.push_back(remark.place + " " + remark.code);
    return codes;
}

TEST(CsvShape, ReadsCustomersAndSubscriptions) {
    const auto ledger = read_files(
        "customer,email,name,catalog,created_at\n"
        "ada,ada@x.example,\"Lovelace, Ada\",saas-orgs,2025-03-01\n"
        "bo,,,,\n",
        "customer,plan,status,provider,provider_subscription_id,provider_customer_id,"
        "current_period_start,current_period_end,quantity,amount_minor,currency\n"
        "ada,team,active,Stripe,sub_1,cus_1,2026-11-01,2026-12-01,3,2900,usd\n"
        "cy,team,active,stripe,sub_2,,,,,,\n");
    ASSERT_TRUE(ledger) << ledger.error().message;
    ASSERT_EQ(ledger->customers.size(), 3u);
    const auto& ada = ledger->customers[0];
    EXPECT_EQ(ada.catalog, "saas-orgs");
    EXPECT_EQ(ada.name, "Lovelace, Ada");
    const auto& subscription = ada.subscriptions.at(0);
    EXPECT_EQ(subscription.provider, "stripe");
    EXPECT_EQ(subscription.provider_id, "sub_1");
    EXPECT_EQ(subscription.provider_customer, "cus_1");
    EXPECT_EQ(subscription.plan, "team");
    EXPECT_EQ(subscription.quantity, 3);
    EXPECT_EQ(subscription.amount, Money(2'900, Currency::Usd));
    EXPECT_EQ(subscription.period->end, *parse_rfc3339("2026-12-01T00:00:00Z"));
    EXPECT_TRUE(ledger->customers[1].subscriptions.empty());
    EXPECT_EQ(ledger->customers[2].external_id, "cy");
    for (const auto& customer : ledger->customers) EXPECT_TRUE(customer.remarks.empty());
}

struct Line {
    std::string_view cells;
    const char* code;
};

TEST(CsvShape, NamesTheLineOfASubscriptionThatIsWrong) {
    const Line cases[] = {
        {"a,pro,stripe,,1,2900,usd", "no_provider_id"},
        {"a,pro,,sub_1,1,2900,usd", "unknown_provider"},
        {"a,pro,paypal,sub_1,1,2900,usd", "unknown_provider"},
        {"a,pro,stripe,sub_1,0,2900,usd", "bad_quantity"},
        {"a,pro,stripe,sub_1,1.5,2900,usd", "bad_quantity"},
        {"a,pro,stripe,sub_1,100001,2900,usd", "bad_quantity"},
        {"a,pro,stripe,sub_1,1,29.00,usd", "bad_amount"},
        {"a,pro,stripe,sub_1,1,-2900,usd", "bad_amount"},
        {"a,pro,stripe,sub_1,1,2900,", "bad_amount"},
        {"a,pro,stripe,sub_1,1,,usd", "bad_amount"},
        {"a,pro,stripe,sub_1,1,2900,xyz", "bad_amount"},
        {",pro,stripe,sub_1,1,2900,usd", "no_customer"},
    };
    for (const Line& c : cases) {
        SCOPED_TRACE(c.cells);
        const auto ledger = read_files(
            "", "customer,plan,provider,provider_subscription_id,quantity,amount_minor,currency\n" +
                    std::string(c.cells) + "\n");
        ASSERT_TRUE(ledger);
        EXPECT_THAT(codes_of(ledger->customers.at(0)),
                    ElementsAre("subscriptions line 2 " + std::string(c.code)));
        EXPECT_TRUE(ledger->customers[0].is_refused);
    }
}

TEST(CsvShape, NamesTheLineOfACustomerThatIsWrong) {
    const Line cases[] = {
        {"a,\"=HYPERLINK(\"\"http://x\"\")\",a@x.example,", "formula"},
        {"a,@SUM(1),a@x.example,", "formula"},
        {"a,Ada\x1b[31m,a@x.example,", "bad_name"},
        {"a,Ada\u202E,a@x.example,", "bad_name"},
        {"a,\u200B,a@x.example,", "bad_name"},
        {"a,4242 4242 4242 4242,a@x.example,", "card_number"},
        {"a,Ada,=a@x.example,", "formula"},
        {"a,Ada,nobody,", "bad_email"},
        {"a,Ada,a>b<c@x.example,", "bad_email"},
        {"a,Ada,,9999-12-31", "absurd_created_at"},
        {"a,Ada,,1970-01-01", "absurd_created_at"},
        {"a,Ada,,tomorrow", "absurd_created_at"},
        // A day after kCutover.
        {"a,Ada,,2026-11-21", "absurd_created_at"},
        {"a b,Ada,,", "bad_customer"},
    };
    for (const Line& c : cases) {
        SCOPED_TRACE(c.cells);
        const auto ledger =
            read_files("customer,name,email,created_at\n" + std::string(c.cells) + "\n", "");
        ASSERT_TRUE(ledger) << ledger.error().message;
        EXPECT_THAT(codes_of(ledger->customers.at(0)),
                    ElementsAre("customers line 2 " + std::string(c.code)));
    }
}

// As POST /v1/customers has it: a customer is his external id.
TEST(CsvShape, SeveralCustomersMayHaveOneAddress) {
    const auto ledger =
        read_files("customer,email\na,ada@x.example\nb,ADA@x.example\nc,a.da+x@x.example\n", "");
    EXPECT_THAT(codes_of(ledger->customers.at(0)), ElementsAre());
    EXPECT_THAT(codes_of(ledger->customers.at(1)), ElementsAre("customers line 3 same_email"));
    EXPECT_FALSE(ledger->customers[1].is_refused);
    EXPECT_THAT(codes_of(ledger->customers.at(2)), ElementsAre("customers line 4 email_alike"));
    EXPECT_FALSE(ledger->customers[2].is_refused);
}

TEST(CsvShape, ACustomerIsOneLineAndBuysFromOneCatalog) {
    const auto twice = read_files("customer\na\na\n", "");
    EXPECT_THAT(codes_of(twice->customers.at(0)), ElementsAre("customers line 3 named_twice"));
    const auto two = read_files("customer,catalog\na,saas-orgs\n",
                                "customer,catalog,provider,provider_subscription_id\n"
                                "a,learning-app,stripe,sub_1\n");
    EXPECT_THAT(codes_of(two->customers.at(0)), ElementsAre("subscriptions line 2 two_catalogs"));
}

TEST(CsvShape, AColumnThatIsNoneIsASlipOfThePen) {
    const auto unknown = read_files("customer,e-mail\na,b\n", "");
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().message.starts_with(
        "customers: there is a column 'e-mail'; the columns are:"));
    const auto without = read_files("", "plan\npro\n");
    ASSERT_FALSE(without);
    EXPECT_TRUE(
        without.error().message.starts_with("subscriptions: there is no column 'customer'"));
}

}  // namespace
}  // namespace turnpike
