#include "import/take_over.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/life/reconcile.h"
#include "billing/testing/two_providers_testing.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "import/attribution_shape.h"
#include "import/csv_reader.h"
#include "import/csv_shape.h"
#include "import/usage_taking.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kWrite = ImportOrder::Mode::Write, kRehearse = ImportOrder::Mode::Rehearse;

/// A seller who has sold the attribution tiers with a program of his own, at both providers.
class TakeOverTest : public TwoProvidersTest {
protected:
    TakeOverTest() {
        const auto file = read_catalog_file(*preset_catalog("attribution"));
        ledger->write_blocking([&](sql::Transaction& tx) {
            return apply_catalog(tx, *file, clock.now(), ids).value();
        });
        catalog.reload(*ledger);
    }

    /// A plan there, of so many cents a month.
    std::string razorpay_plan(int cents) {
        return ask_razorpay(http::Method::Post, "/v1/plans",
                            fmt::format(R"({{"period": "monthly", "interval": 1, "item":
                                {{"name": "Pro", "amount": {}, "currency": "USD"}}}})",
                                        cents))
            .at("id")
            .get<std::string>();
    }
    std::string at_razorpay(const std::string& name, int cents = 2'900) {
        const auto made = ask_razorpay(
            http::Method::Post, "/v1/subscriptions",
            fmt::format(R"({{"plan_id": "{}", "total_count": 12}})", razorpay_plan(cents)));
        auto id = made.at("id").get<std::string>();
        authorise(id, name + "%40x.example");
        return id;
    }
    struct AtStripe {
        std::string customer, subscription, price;
    };
    AtStripe at_stripe(int cents) {
        AtStripe made;
        made.customer = post_to_stripe("/v1/customers",
                                       "payment_method=pm_card_visa"
                                       "&invoice_settings[default_payment_method]=pm_card_visa")
                            .at("id");
        made.price = post_to_stripe("/v1/prices", fmt::format("unit_amount={}&currency=usd"
                                                              "&recurring[interval]=month"
                                                              "&product_data[name]=Scale",
                                                              cents))
                         .at("id");
        made.subscription =
            post_to_stripe("/v1/subscriptions",
                           "customer=" + made.customer + "&items[0][price]=" + made.price)
                .at("id");
        return made;
    }

    ForeignLedger customers_of(const std::string& csv) {
        const CustomerFiles files{{}, read_csv("subscriptions", csv).value()};
        auto read = read_customer_files(files, clock.now()).value();
        for (auto& customer : read.customers) customer.catalog = "attribution";
        return read;
    }
    static std::string row(const std::string& customer, const std::string& plan,
                           const std::string& provider, const std::string& id) {
        return "customer,plan,status,provider,provider_subscription_id\n" + customer + "," + plan +
               ",active," + provider + "," + id + "\n";
    }
    ImportReport take(const ForeignLedger& source, ImportOrder::Mode mode = kWrite) {
        auto report = run(take_over(*contexts, source, {.mode = mode}));
        EXPECT_TRUE(report) << report.error().message;
        return *std::move(report);
    }
    std::optional<Customer> find(const std::string& name) {
        const auto found = ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_customer(tx, "ext:attribution~" + name); });
        return found ? std::optional(*found) : std::nullopt;
    }
    std::optional<Subscription> subscription_of(const std::string& name) {
        const auto customer = find(name);
        if (!customer) return std::nullopt;
        return ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_live_subscription(tx, customer->id); });
    }
    static std::vector<std::string> codes(const ImportReport& report) {
        std::vector<std::string> all;
        for (const auto& one : report.remarks)
            all.push_back((one.remark.kind == Remark::Kind::Refused ? "refused " : "note ") +
                          one.remark.code);
        return all;
    }
    /// Events about invoices, and letters.
    std::vector<std::string> told() {
        return ledger->read_blocking([](sql::Transaction& tx) {
            std::vector<std::string> all;
            for (const auto& row :
                 tx.all("SELECT type FROM outbox_events WHERE type LIKE 'invoice.%'"))
                all.push_back(row.text(0));
            for (const auto& row : tx.all("SELECT kind FROM notices"))
                all.push_back("letter " + row.text(0));
            return all;
        });
    }
    /// That reconciliation still finds once it has brought the invoices here.
    std::vector<std::string> differences() {
        std::vector<std::string> found;
        for (auto& context : *contexts) {
            for (const auto mode : {ReconcileMode::Repair, ReconcileMode::Report}) {
                const auto report = run(reconcile(context, {.mode = mode, .authority = tester}));
                EXPECT_TRUE(report) << report.error().message;
                for (const auto& each : report->differences)
                    if (mode == ReconcileMode::Report || each.field != "missing_here")
                        found.push_back(each.object + " " + each.field);
            }
        }
        return found;
    }
};

TEST_F(TakeOverTest, ARunningSubscriptionGoesOnAsItsProviderHasIt) {
    const auto theirs = at_razorpay("asha");
    const auto source = customers_of(row("asha", "pro", "razorpay", theirs));
    const auto report = take(source);
    EXPECT_EQ(report.customers, (Tally{1, 0, 0}));
    EXPECT_EQ(report.subscriptions, (Tally{1, 0, 0}));
    EXPECT_THAT(codes(report), IsEmpty());

    const auto ours = subscription_of("asha");
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->provider, "razorpay");
    EXPECT_EQ(ours->provider_subscription_id, theirs);
    EXPECT_EQ(ours->status, SubscriptionStatus::Active);
    const auto there = ask_razorpay(http::Method::Get, "/v1/subscriptions/" + theirs);
    EXPECT_EQ(unix_seconds(ours->period.start), there.at("current_start").get<std::int64_t>());
    EXPECT_EQ(unix_seconds(ours->period.end), there.at("current_end").get<std::int64_t>());
    EXPECT_EQ(ours->plan_version, catalog.get()->plan("attribution", "pro")->id);
    EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(TakeOverTest, BothProvidersBesideEachOtherAndTheFree) {
    const auto asha = at_razorpay("asha");
    const auto bert = at_stripe(9'900);
    const auto source = customers_of(
        "customer,plan,provider,provider_subscription_id,provider_customer_id,amount_minor,"
        "currency\n"
        "asha,pro,razorpay," +
        asha + ",,2900,usd\nbert,scale,stripe," + bert.subscription + "," + bert.customer +
        ",9900,USD\ncleo,starter,,,,,\n");
    const auto rehearsed = take(source, kRehearse);
    EXPECT_EQ(rehearsed.customers, (Tally{3, 0, 0}));
    EXPECT_FALSE(find("asha") || find("bert") || find("cleo"));

    const auto report = take(source);
    EXPECT_EQ(report.customers, rehearsed.customers);
    EXPECT_EQ(report.subscriptions, rehearsed.subscriptions);
    EXPECT_EQ(report.subscriptions, (Tally{2, 0, 0}));
    EXPECT_EQ(subscription_of("bert")->provider, "stripe");
    EXPECT_TRUE(find("cleo"));
    EXPECT_FALSE(subscription_of("cleo"));
    EXPECT_THAT(differences(), IsEmpty());

    const auto again = take(source);
    EXPECT_EQ(again.customers, (Tally{0, 3, 0}));
    EXPECT_EQ(again.subscriptions, (Tally{0, 2, 0}));
    EXPECT_THAT(codes(again), IsEmpty());
}

TEST_F(TakeOverTest, WhatIsSoldNowStaysSold) {
    const auto first = at_stripe(9'900), second = at_stripe(9'900);
    take(customers_of(row("a", "scale", "stripe", first.subscription)));
    const auto scale = catalog.get()->plan("attribution", "scale")->prices.front().id;
    const auto sold = [&] {
        return ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_provider_price(tx, scale, "stripe"); });
    };
    ledger->write_blocking([&](sql::Transaction& tx) {
        return link_provider_price(tx, {scale, "stripe", "price_of_ours"}, clock.now());
    });
    EXPECT_EQ(take(customers_of(row("b", "scale", "stripe", second.subscription))).subscriptions,
              (Tally{1, 0, 0}));
    EXPECT_EQ(sold(), "price_of_ours");
}

struct WrongRow {
    const char* name;
    std::string csv;
    const char* code;
};

TEST_F(TakeOverTest, RefusesWhatItsProviderContradicts) {
    const auto pro = at_razorpay("asha"), dear = at_razorpay("bert", 3'900);
    const auto scale = at_stripe(9'900);
    const std::string head =
        "customer,plan,provider,provider_subscription_id,provider_customer_id,amount_minor,"
        "currency\n";
    const WrongRow cases[] = {
        {"nowhere", row("a", "pro", "stripe", "sub_nowhere"), "unknown_at_provider"},
        {"no id", row("a", "pro", "stripe", "../sub"), "unknown_at_provider"},
        {"no such plan", row("a", "gold", "razorpay", pro), "unknown_plan"},
        {"no plan", row("a", "", "razorpay", pro), "no_plan"},
        {"another price", row("a", "pro", "razorpay", dear), "price_differs"},
        {"another amount", head + "a,pro,razorpay," + pro + ",,2800,usd\n", "amount_differs"},
        {"another currency", head + "a,pro,razorpay," + pro + ",,2900,inr\n", "amount_differs"},
        {"somebody else", head + "a,scale,stripe," + scale.subscription + ",cus_other,,\n",
         "other_provider_customer"},
        {"nobody bills it", head + "a,pro,,,,,\n", "plan_without_provider"},
        {"two of them",
         head + "a,pro,razorpay," + pro + ",,,\na,scale,stripe," + scale.subscription + ",,,\n",
         "two_subscriptions"},
    };
    for (const auto mode : {kRehearse, kWrite})
        for (const WrongRow& c : cases) {
            SCOPED_TRACE(c.name);
            const auto report = take(customers_of(c.csv), mode);
            EXPECT_THAT(codes(report), ElementsAre("refused " + std::string(c.code)));
            EXPECT_EQ(report.customers, (Tally{0, 0, 1}));
            EXPECT_FALSE(find("a"));
        }
}

// Of seven lines one is taken over; c's two are one customer's.
TEST_F(TakeOverTest, EachRefusedLineIsInTheTableOnce) {
    const auto pro = at_razorpay("asha"), twice = at_razorpay("bert");
    const auto source = customers_of(
        "customer,plan,provider,provider_subscription_id,quantity,amount_minor,currency\n"
        "a,pro,razorpay," +
        pro + ",,,\nb,pro,razorpay," + twice + ",-1,29.00,usd\nc,pro,razorpay," + twice +
        ",,,\nc,pro,paypal,x,,,\nd,pro,stripe,,,,\ne,pro,,,,,\nf,pro,stripe,i\xc3\xa4,,,\n");
    for (const auto mode : {kRehearse, kWrite}) {
        const auto report = take(source, mode);
        EXPECT_EQ(report.customers, (Tally{1, 0, 5}));
        EXPECT_EQ(report.subscriptions, (Tally{1, 0, 6}));
    }
}

TEST_F(TakeOverTest, OneCustomerOfAProviderIsOneCustomerHere) {
    const auto first = at_stripe(9'900);
    const auto second = post_to_stripe("/v1/subscriptions", "customer=" + first.customer +
                                                                "&items[0][price]=" + first.price)
                            .at("id")
                            .get<std::string>();
    const auto source = customers_of(
        "customer,plan,provider,provider_subscription_id\n"
        "a,scale,stripe," +
        first.subscription + "\nb,scale,stripe," + second + "\n");
    for (const auto mode : {kRehearse, kWrite}) {
        const auto report = take(source, mode);
        EXPECT_THAT(codes(report), ElementsAre("refused provider_customer_taken"));
        EXPECT_EQ(report.customers, (Tally{1, 0, 1}));
    }
    EXPECT_FALSE(find("b"));
    const auto theft = take(customers_of(row("thief", "scale", "stripe", first.subscription)));
    EXPECT_THAT(codes(theft), ElementsAre("refused of_another_customer"));
}

TEST_F(TakeOverTest, UsageOfTheRunningPeriodCountsOnce) {
    auto source = customers_of(row("asha", "pro", "razorpay", at_razorpay("asha")));
    const Period january{*parse_rfc3339("2027-01-01T00:00:00Z"),
                         *parse_rfc3339("2027-02-01T00:00:00Z")};
    source.customers[0].usage = {{"usage_meters 1", "attribution_runs", 12, january},
                                 {"usage_meters 1", "exports", 3, january}};
    EXPECT_EQ(take(source, kRehearse).usage, (Tally{2, 0, 0}));
    const auto report = take(source);
    EXPECT_EQ(report.usage, (Tally{2, 0, 0}));
    // The provider's period began on the 10th.
    EXPECT_THAT(codes(report), ElementsAre("note usage_of_other_days")) << "one row, one note";
    const auto again = take(source);
    EXPECT_EQ(again.usage, (Tally{0, 2, 0}));
    EXPECT_THAT(codes(again), IsEmpty());

    source.customers[0].usage[0].used = 15;
    const auto moved = take(source);
    EXPECT_EQ(moved.usage, (Tally{0, 1, 1}));
    EXPECT_THAT(codes(moved), ElementsAre("refused usage_differs"));
    EXPECT_EQ(moved.customers, (Tally{0, 1, 0}));
}

TEST_F(TakeOverTest, WhatHasEndedIsLeftToItsProvider) {
    const auto gone = at_stripe(9'900);
    post_to_stripe("/v1/subscriptions/" + gone.subscription, "cancel_at_period_end=true");
    pass_to(*parse_rfc3339("2027-02-11T00:00:00Z"));
    const auto report = take(customers_of(row("a", "scale", "stripe", gone.subscription)));
    EXPECT_THAT(codes(report), ElementsAre("note has_ended"));
    EXPECT_EQ(report.customers, (Tally{1, 0, 0}));
    EXPECT_EQ(report.subscriptions, (Tally{0, 0, 0}));
}

TEST_F(TakeOverTest, NobodyIsToldOfWhatWasPaidBefore) {
    const auto bert = at_stripe(9'900);
    const auto asha = at_razorpay("asha");
    pass_to(*parse_rfc3339("2027-01-12T06:30:00Z"));
    auto source = customers_of(
        "customer,plan,provider,provider_subscription_id\n"
        "asha,pro,razorpay," +
        asha + "\nbert,scale,stripe," + bert.subscription + "\n");
    for (auto& customer : source.customers) customer.email = customer.external_id + "@x.example";
    take(source);
    EXPECT_THAT(differences(), IsEmpty());
    EXPECT_EQ(invoices(find("bert")->id, "stripe").size(), 1u);
    EXPECT_EQ(invoices(find("asha")->id, "razorpay").size(), 1u);
    EXPECT_THAT(told(), IsEmpty());

    // The next one is told of, with its receipt.
    pass_to(*parse_rfc3339("2027-02-10T09:00:00Z"));
    differences();
    EXPECT_EQ(invoices(find("bert")->id, "stripe").size(), 2u);
    EXPECT_THAT(told(), ::testing::Contains("invoice.paid").Times(2));
    EXPECT_THAT(told(), ::testing::Contains("letter receipt").Times(2));
}

// The day of the change: the old program has charged a minute ago, and one of the customers is
// known here since yesterday.
TEST_F(TakeOverTest, NobodyIsToldOfWhatWasPaidAMinuteBefore) {
    take(customers_of("customer,plan\nbert,starter\n"));
    ASSERT_TRUE(find("bert"));
    pass_to(clock.now() + std::chrono::days(1));
    const auto bert = at_stripe(9'900);
    const auto asha = at_razorpay("asha");
    pass_to(clock.now() + std::chrono::minutes(1));
    auto source = customers_of(
        "customer,plan,provider,provider_subscription_id\n"
        "asha,pro,razorpay," +
        asha + "\nbert,scale,stripe," + bert.subscription + "\n");
    source.customers[0].email = "asha@x.example";
    EXPECT_EQ(take(source).subscriptions, (Tally{2, 0, 0}));
    pass_to(clock.now() + std::chrono::minutes(15));
    EXPECT_THAT(differences(), IsEmpty());
    EXPECT_EQ(invoices(find("bert")->id, "stripe").size(), 1u);
    EXPECT_EQ(invoices(find("asha")->id, "razorpay").size(), 1u);
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(TakeOverTest, WhatWasCutOffIsGoneOnWith) {
    const auto asha = at_razorpay("asha");
    const auto bert = at_stripe(9'900);
    auto source = customers_of(
        "customer,plan,provider,provider_subscription_id\n"
        "asha,pro,razorpay," +
        asha + "\nbert,scale,stripe," + bert.subscription + "\n");
    const Period january{*parse_rfc3339("2027-01-01T00:00:00Z"),
                         *parse_rfc3339("2027-02-01T00:00:00Z")};
    for (auto& customer : source.customers)
        customer.usage = {{"usage_meters 1", "exports", 3, january}};
    int cuts = 0;
    for (int visits = 0;; ++visits) {
        ASSERT_LT(visits, 100);
        ledger->cut_after(visits);
        try {
            EXPECT_TRUE(run(take_over(*contexts, source, {.mode = kWrite})));
        } catch (const std::exception&) {
        }
        if (!ledger->mend()) break;
        ++cuts;
    }
    EXPECT_GT(cuts, 2);
    const auto again = take(source);
    EXPECT_EQ(again.customers, (Tally{0, 2, 0}));
    EXPECT_EQ(again.subscriptions, (Tally{0, 2, 0}));
    EXPECT_EQ(again.usage, (Tally{0, 2, 0}));
    EXPECT_THAT(differences(), IsEmpty());
}

}  // namespace
}  // namespace turnpike
