#include "import/attribution_shape.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant kNow = *parse_rfc3339("2026-11-20T12:00:00Z");

using Cells = std::vector<std::optional<std::string>>;

TextTable table(std::string name, std::vector<std::string> columns, std::vector<Cells> rows) {
    TextTable made{std::move(name), std::move(columns), {}};
    for (std::size_t i = 0; i < rows.size(); ++i)
        made.rows.push_back({made.name + " " + std::to_string(i + 1), std::move(rows[i])});
    return made;
}

/// Before there was a second provider.
TextTable old_subscriptions(std::vector<Cells> rows) {
    return table("subscriptions", {"customer_id", "tier", "status", "razorpay_subscription_id"},
                 std::move(rows));
}
TextTable new_subscriptions(std::vector<Cells> rows) {
    return table("subscriptions",
                 {"customer_id", "tier", "status", "provider", "stripe_subscription_id",
                  "stripe_customer_id", "razorpay_subscription_id"},
                 std::move(rows));
}
TextTable usage(std::vector<Cells> rows) {
    return table(
        "usage_meters",
        {"customer_id", "attribution_runs", "models_used", "exports", "period_start", "period_end"},
        std::move(rows));
}

ForeignLedger read(TextTable subscriptions, TextTable meters = {}, TextTable customers = {}) {
    const AttributionTables tables{std::move(subscriptions), std::move(meters),
                                   std::move(customers)};
    EXPECT_TRUE(check_attribution_shape(tables));
    return read_attribution(tables, "attribution", kNow);
}

/// "refused bad_count, note unknown_status": of one customer.
std::vector<std::string> said_of(const ForeignCustomer& customer) {
    std::vector<std::string> said;
    for (const auto& remark : customer.remarks)
        said.push_back((remark.kind == Remark::Kind::Refused ? "refused " : "note ") + remark.code);
    return said;
}

TEST(AttributionShape, RowsOfTheOldSchemaAreRazorpays) {
    const auto ledger = read(old_subscriptions({{"asha", "pro", "active", "sub_R1"}}));
    ASSERT_EQ(ledger.customers.size(), 1u);
    const auto& asha = ledger.customers[0];
    EXPECT_EQ(asha.external_id, "asha");
    EXPECT_EQ(asha.catalog, "attribution");
    ASSERT_EQ(asha.subscriptions.size(), 1u);
    EXPECT_EQ(asha.subscriptions[0].provider, "razorpay");
    EXPECT_EQ(asha.subscriptions[0].provider_id, "sub_R1");
    EXPECT_EQ(asha.subscriptions[0].plan, "pro");
    EXPECT_FALSE(asha.subscriptions[0].has_ended);
    EXPECT_THAT(said_of(asha), IsEmpty());
}

TEST(AttributionShape, RowsOfTheNewSchemaNameTheirProvider) {
    const auto ledger = read(new_subscriptions({
        {"asha", "pro", "active", std::nullopt, std::nullopt, std::nullopt, "sub_R1"},
        {"bert", "Scale", "canceled", "stripe", "sub_S1", "cus_S1", std::nullopt},
    }));
    ASSERT_EQ(ledger.customers.size(), 2u);
    EXPECT_EQ(ledger.customers[0].subscriptions.at(0).provider, "razorpay");
    const auto& stripes = ledger.customers[1].subscriptions.at(0);
    EXPECT_EQ(stripes.provider, "stripe");
    EXPECT_EQ(stripes.provider_id, "sub_S1");
    EXPECT_EQ(stripes.provider_customer, "cus_S1");
    EXPECT_EQ(stripes.plan, "scale");
    EXPECT_TRUE(stripes.has_ended);
}

struct Row {
    const char* name;
    Cells cells;  ///< of the new schema
    std::size_t subscriptions;
    std::vector<std::string> said;
};

TEST(AttributionShape, SaysWhatIsWrongWithASubscription) {
    const std::optional<std::string> none;
    const Row cases[] = {
        {"free", {"a", "free", "active", none, none, none, none}, 0, {}},
        {"ended, and nobody knows where", {"a", "pro", "canceled", none, none, none, none}, 0, {}},
        {"no such provider",
         {"a", "pro", "active", "paypal", none, none, "sub_1"},
         0,
         {"refused unknown_provider"}},
        {"no such status",
         {"a", "pro", "odd", none, none, none, "sub_1"},
         1,
         {"note unknown_status"}},
        {"nobody's",
         {none, "pro", "active", none, none, none, "sub_1"},
         1,
         {"refused no_customer"}},
        {"a name that is none",
         {"a b", "pro", "active", none, none, none, "sub_1"},
         1,
         {"refused bad_customer"}},
    };
    for (const Row& c : cases) {
        SCOPED_TRACE(c.name);
        const auto ledger = read(new_subscriptions({c.cells}));
        ASSERT_EQ(ledger.customers.size(), 1u);
        EXPECT_EQ(ledger.customers[0].subscriptions.size(), c.subscriptions);
        EXPECT_EQ(said_of(ledger.customers[0]), c.said);
    }
}

TEST(AttributionShape, RefusesTextThatNoLedgerTakes) {
    using namespace std::string_literals;
    const Row cases[] = {
        {"no UTF-8",
         {"a", "pro", "active", "sub_\xFF"},
         0,
         {"refused bad_text", "refused bad_provider_id"}},
        {"a NUL", {"a", "pro\0"s, "active", "sub_1"}, 1, {"refused bad_text"}},
        {"a blank", {"a", "pro", "active", "sub 1"}, 0, {"refused bad_provider_id"}},
        {"a long id",
         {"a", "pro", "active", std::string(256, 'x')},
         0,
         {"refused bad_provider_id"}},
    };
    for (const Row& c : cases) {
        SCOPED_TRACE(c.name);
        const auto ledger = read(old_subscriptions({c.cells}));
        EXPECT_EQ(said_of(ledger.customers.at(0)), c.said);
        EXPECT_EQ(ledger.customers[0].subscriptions.size(), c.subscriptions);
        EXPECT_TRUE(ledger.customers[0].is_refused);
    }
}

TEST(AttributionShape, APlanThatNobodyBillsIsKeptForWhoKnowsTheCatalog) {
    // The row is Razorpay's and names Stripe's subscription only.
    const auto ledger = read(new_subscriptions(
        {{"a", "pro", "active", std::nullopt, "sub_S1", "cus_S1", std::nullopt}}));
    ASSERT_EQ(ledger.customers[0].unbilled.size(), 1u);
    EXPECT_EQ(ledger.customers[0].unbilled[0].plan, "pro");
    EXPECT_THAT(ledger.customers[0].subscriptions, IsEmpty());
}

TEST(AttributionShape, OneSubscriptionOfTwoRows) {
    const auto same =
        read(old_subscriptions({{"a", "pro", "active", "sub_1"}, {"a", "pro", "active", "sub_1"}}));
    EXPECT_EQ(same.customers[0].subscriptions.size(), 1u);
    EXPECT_THAT(said_of(same.customers[0]), ElementsAre("note repeated_row"));
    EXPECT_FALSE(same.customers[0].is_refused);

    const auto two =
        read(old_subscriptions({{"a", "pro", "active", "sub_1"}, {"b", "pro", "active", "sub_1"}}));
    EXPECT_THAT(said_of(two.customers[0]), ElementsAre("refused claimed_twice"));
    EXPECT_THAT(said_of(two.customers[1]), ElementsAre("refused claimed_twice"));
}

TEST(AttributionShape, PeriodsOfASubscriptionAreTheProvidersToSay) {
    const auto ledger = read(table(
        "subscriptions",
        {"customer_id", "razorpay_subscription_id", "current_period_start", "current_period_end"},
        {{"a", "sub_1", "2026-11-10", "2026-12-10"},
         {"b", "sub_2", "2026-12-10", "2026-11-10"},
         {"c", "sub_3", "2026-11-10", "9999-12-31"}}));
    EXPECT_TRUE(ledger.customers[0].subscriptions[0].period);
    EXPECT_THAT(said_of(ledger.customers[0]), IsEmpty());
    for (const auto index : {1u, 2u}) {
        EXPECT_FALSE(ledger.customers[index].subscriptions[0].period);
        EXPECT_THAT(said_of(ledger.customers[index]), ElementsAre("note absurd_period"));
    }
}

TEST(AttributionShape, ReadsTheCountersOfTheRunningPeriod) {
    const auto ledger =
        read(old_subscriptions({}),
             usage({
                 {"a", "12", "0", "3", "2026-11-01 00:00:00", "2026-12-01 00:00:00"},
                 {"a", "99", "9", "9", "2026-10-01 00:00:00", "2026-11-01 00:00:00"},
             }));
    ASSERT_EQ(ledger.customers.size(), 1u);
    const auto& counted = ledger.customers[0].usage;
    ASSERT_EQ(counted.size(), 2u);
    EXPECT_EQ(counted[0].meter, "attribution_runs");
    EXPECT_EQ(counted[0].used, 12);
    EXPECT_EQ(counted[0].period.start, *parse_rfc3339("2026-11-01T00:00:00Z"));
    EXPECT_EQ(counted[1].meter, "exports");
    EXPECT_EQ(counted[1].used, 3);
    EXPECT_THAT(said_of(ledger.customers[0]), ElementsAre("note usage_is_past"));
}

struct Counter {
    const char* name;
    std::string used, start, end;
    std::string said;
};

TEST(AttributionShape, RefusesCountersThatAreNone) {
    const Counter cases[] = {
        {"a fraction", "1.5", "2026-11-01", "2026-12-01", "refused bad_count"},
        {"below zero", "-1", "2026-11-01", "2026-12-01", "refused bad_count"},
        {"a floating point number", "12.0", "2026-11-01", "2026-12-01", "refused bad_count"},
        {"ends before it starts", "1", "2026-12-01", "2026-11-01", "refused absurd_period"},
        {"ends in the year 9999", "1", "2026-11-01", "9999-12-31", "refused absurd_period"},
        {"has not begun", "1", "2026-12-01", "2027-01-01", "refused usage_lies_ahead"},
    };
    for (const Counter& c : cases) {
        SCOPED_TRACE(c.name);
        const auto ledger =
            read(old_subscriptions({}), usage({{"a", c.used, "0", "0", c.start, c.end}}));
        EXPECT_THAT(said_of(ledger.customers[0]), ElementsAre(c.said));
        EXPECT_THAT(ledger.customers[0].usage, IsEmpty());
        EXPECT_EQ(ledger.customers[0].unread_usage, 1);
    }
}

TEST(AttributionShape, TwoCountersOfTheSameDaysContradictEachOther) {
    const auto ledger =
        read(old_subscriptions({}), usage({
                                        {"a", "12", "0", "0", "2026-11-01", "2026-12-01"},
                                        {"a", "13", "0", "0", "2026-11-15", "2026-12-15"},
                                    }));
    EXPECT_THAT(said_of(ledger.customers[0]), ElementsAre("refused usage_overlaps"));
    EXPECT_EQ(ledger.customers[0].usage.size(), 1u);
    EXPECT_EQ(ledger.customers[0].unread_usage, 1);
}

TEST(AttributionShape, PeopleComeFromTheirOwnTableFirst) {
    const auto ledger = read(old_subscriptions({}), {},
                             table("customers", {"id", "email", "name", "created_at"},
                                   {{"a", "ada@x.example", "Ada", "2025-03-01 10:00:00"},
                                    {"b", "A.da+1@X.example", "Bo", "2025-03-01 10:00:00"},
                                    {"c", "nobody", "Cy", "2025-03-01 10:00:00"},
                                    {"d", std::nullopt, std::nullopt, "9999-01-01"},
                                    {"e", std::nullopt, "4242 4242 4242 4242", std::nullopt}}));
    ASSERT_EQ(ledger.customers.size(), 5u);
    EXPECT_EQ(ledger.customers[0].email, "ada@x.example");
    EXPECT_EQ(ledger.customers[0].name, "Ada");
    EXPECT_EQ(ledger.customers[0].created_at, *parse_rfc3339("2025-03-01T10:00:00Z"));
    EXPECT_THAT(said_of(ledger.customers[0]), IsEmpty());
    EXPECT_THAT(said_of(ledger.customers[1]), ElementsAre("note email_alike"));
    EXPECT_THAT(said_of(ledger.customers[2]), ElementsAre("refused bad_email"));
    EXPECT_THAT(said_of(ledger.customers[3]), ElementsAre("refused absurd_created_at"));
    EXPECT_THAT(said_of(ledger.customers[4]), ElementsAre("refused card_number"));
}

TEST(AttributionShape, CustomersAreCalledByTheirReceipt) {
    const auto both =
        read(table("subscriptions", {"id", "customer_id", "receipt", "razorpay_subscription_id"},
                   {{"1", "17", "acme", "sub_1"}}));
    EXPECT_EQ(both.customers.at(0).external_id, "acme");

    const auto joined =
        read(table("subscriptions", {"customer_id", "razorpay_subscription_id"}, {{"17", "sub_1"}}),
             usage({{"17", "12", "0", "0", "2026-11-01", "2026-12-01"}}),
             table("customers", {"id", "receipt", "email"}, {{"17", "acme", "a@x.example"}}));
    ASSERT_EQ(joined.customers.size(), 1u);
    EXPECT_EQ(joined.customers[0].external_id, "acme");
    EXPECT_EQ(joined.customers[0].email, "a@x.example");
    EXPECT_EQ(joined.customers[0].subscriptions.size(), 1u);
    EXPECT_EQ(joined.customers[0].usage.size(), 1u);
}

TEST(AttributionShape, TablesThatCallCustomersDifferentlyCannotBeJoined) {
    const AttributionTables tables{
        table("subscriptions", {"receipt", "razorpay_subscription_id"}, {}),
        table("usage_meters", {"customer_id", "exports", "period_start", "period_end"}, {}),
        {}};
    const auto checked = check_attribution_shape(tables);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message,
              "this is no database of the attribution shape; missing: receipt or customer_id, the "
              "same one in all of them");
}

TEST(AttributionShape, SaysWhichColumnsItMisses) {
    const AttributionTables tables{
        table("subscriptions", {"who", "stripe_subscription_id"}, {}),
        table("usage_meters", {"customer_id", "exports", "period_start"}, {}),
        {}};
    const auto checked = check_attribution_shape(tables);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message,
              "this is no database of the attribution shape; missing: subscriptions.receipt or "
              "subscriptions.customer_id, usage_meters.period_end");
}

TEST(AttributionShape, ColumnsThatNobodyReadsAreNamed) {
    const auto ledger = read(table(
        "subscriptions", {"customer_id", "razorpay_subscription_id", "favourite_colour"}, {}));
    ASSERT_EQ(ledger.remarks.size(), 1u);
    EXPECT_EQ(ledger.remarks[0].code, "unknown_column");
    EXPECT_EQ(ledger.remarks[0].place, "subscriptions");
    EXPECT_EQ(ledger.remarks[0].detail, "favourite_colour");
}

}  // namespace
}  // namespace turnpike
