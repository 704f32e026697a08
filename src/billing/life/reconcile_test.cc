#include "billing/life/reconcile.h"

#include <algorithm>

#include "billing/testing/testing.h"
#include "billing/testing/told_provider.h"
#include "catalog/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr auto kReport = ReconcileMode::Report, kRepair = ReconcileMode::Repair;

class ReconcileTest : public BillingTest {
protected:
    /// "field repaired" or "field open" of each difference, in order.
    std::vector<std::string> found(ReconcileMode mode,
                                   MissingThere missing = MissingThere::Bounded) {
        const auto report = world.run(
            reconcile(world.billing, {.mode = mode, .missing = missing, .authority = tester}));
        EXPECT_TRUE(report) << report.error().message;
        std::vector<std::string> lines;
        for (const auto& d : report->differences)
            lines.push_back(d.field + (d.repaired ? " repaired" : " open"));
        return lines;
    }
    Json at_provider(const Subscription& subscription) {
        return world.sandbox_get("/v1/subscriptions/" + *subscription.provider_subscription_id);
    }
    /// A second subscription like this one, made by hand; its id.
    std::string duplicate(const Subscription& subscription) {
        const auto theirs = at_provider(subscription);
        const Json& item = theirs.at("items").at("data").at(0);
        const auto made = world.sandbox_post(
            "/v1/subscriptions",
            "customer=" + theirs.at("customer").get<std::string>() +
                "&items[0][price]=" + item.at("price").at("id").get<std::string>());
        return made.at("id").get<std::string>();
    }

    using Lines = std::vector<std::string>;
    /// \param which  "NULL": those that are open
    Lines findings(const char* which) {
        const auto rows = ledger->read_blocking([&](sql::Transaction& tx) {
            return tx.all("SELECT reason FROM findings WHERE kind = 'drift' AND closed_at IS " +
                          std::string(which) + " ORDER BY reason");
        });
        Lines reasons;
        for (const auto& row : rows) reasons.push_back(row.text(0));
        return reasons;
    }
};

TEST_F(ReconcileTest, FindsAndMendsWhatNobodyToldUs) {
    const auto subscription = started(world.customer("drift"), "pro");
    world.sandbox_delete("/v1/subscriptions/" + *subscription.provider_subscription_id);

    EXPECT_EQ(found(kReport), (Lines{"status open", "ended_at open"}));
    EXPECT_EQ(load(subscription.id).status, SubscriptionStatus::Active);
    EXPECT_EQ(found(kRepair), (Lines{"status repaired", "ended_at repaired"}));
    EXPECT_EQ(load(subscription.id).status, SubscriptionStatus::Canceled);
    EXPECT_EQ(found(kRepair), Lines{});
}

TEST_F(ReconcileTest, TheMonitorShowsWhatItFinds) {
    const char* const kOpen = "NULL";
    const char* const kClosed = "NOT NULL";
    const auto gone = started(world.customer("gone"), "pro");
    world.sandbox_delete("/v1/subscriptions/" + *gone.provider_subscription_id);
    const auto second = duplicate(started(world.customer("twice"), "pro"));
    found(kReport);  // only looks
    EXPECT_EQ(findings(kOpen), Lines{});
    EXPECT_EQ(findings(kClosed), Lines{});
    found(kRepair);
    // The second one's invoice is taken over.
    EXPECT_EQ(findings(kClosed), (Lines{"ended_at", "missing_here", "status"}));
    const auto open = findings(kOpen);
    EXPECT_EQ(std::ranges::count(open, "second_at_provider"), 1);
    world.sandbox_delete("/v1/subscriptions/" + second);
    found(kRepair);
    EXPECT_EQ(findings(kOpen), Lines{});
}

// A subscription and an invoice are in states that this version does not know; another invoice,
// which nobody told of, comes after them.
TEST_F(ReconcileTest, WhatCannotBeReadHidesNothingElse) {
    const auto subscription = started(world.customer("odd"), "pro");
    const auto theirs =
        world.run(world.provider->get_subscription(*subscription.provider_subscription_id));
    const auto page = world.run(world.provider->list_invoices(std::nullopt, std::nullopt));
    ASSERT_TRUE(theirs && page);
    ASSERT_EQ(page->items.size(), 1U);
    ProviderObjects objects;
    objects.subscription = *theirs;
    objects.subscription->status = "on_the_moon";
    const auto another = [&](const char* id, const char* status) {
        auto invoice = page->items[0];
        invoice.id = id;
        invoice.number = id;
        invoice.status = status;
        invoice.lines.clear();
        objects.invoices[id] = invoice;
    };
    objects.invoices[page->items[0].id] = page->items[0];
    another("in_0_odd", "on_the_moon");
    another("in_0_paid", "paid");
    ToldProvider told;
    told.holds(objects);
    BillingContext billing{*ledger, *world.usage,  world.clock,    world.ids,
                           told,    world.catalog, world.standings};
    const auto report = world.run(reconcile(billing, {.mode = kRepair, .authority = tester}));
    ASSERT_TRUE(report) << report.error().message;
    Lines lines;
    for (const auto& d : report->differences)
        lines.push_back(d.object + " " + d.field + (d.repaired ? " repaired" : " open"));
    EXPECT_EQ(lines, (Lines{theirs->id + " status open", theirs->id + " unreadable open",
                            "in_0_odd missing_here open", "in_0_odd unreadable open",
                            "in_0_paid missing_here repaired"}));
    EXPECT_EQ(findings("NULL"), (Lines{"missing_here", "status", "unreadable", "unreadable"}));
}

TEST_F(ReconcileTest, AdoptsWhatWasMadeAtTheProvider) {
    const auto customer = world.customer("adopted");
    const auto first = started(customer, "starter");
    ASSERT_TRUE(world.run(cancel_subscription(world.billing, {first.id, CancelWhen::Now, tester})));
    const auto made = duplicate(first);
    EXPECT_EQ(found(kRepair), (Lines{"missing_here repaired", "missing_here repaired"}));
    const auto live = ledger->read_blocking(
        [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
    ASSERT_TRUE(live);
    EXPECT_EQ(live->status, SubscriptionStatus::Active);
    EXPECT_EQ(live->provider_subscription_id, made);
}

// One customer has one subscription here; a second one is for people to end, and is said each time.
TEST_F(ReconcileTest, NeverCallsASecondSubscriptionRepaired) {
    const auto subscription = started(world.customer("twice"), "starter");
    duplicate(subscription);
    EXPECT_EQ(found(kRepair), (Lines{"second_at_provider open", "missing_here repaired"}));
    EXPECT_EQ(found(kRepair), Lines{"second_at_provider open"});
    EXPECT_EQ(load(subscription.id).status, SubscriptionStatus::Active);
}

TEST_F(ReconcileTest, TakesOverAQuantityThatWasSetAtTheProvider) {
    const auto subscription = started(world.customer("many"), "starter");
    const auto item = at_provider(subscription).at("items").at("data").at(0).at("id");
    world.sandbox_post("/v1/subscription_items/" + item.get<std::string>(),
                       "quantity=3&proration_behavior=none");
    EXPECT_EQ(found(kRepair), Lines{"quantity repaired"});
    EXPECT_EQ(load(subscription.id).quantity, 3);
}

// An import finds several old prices there that are one price of ours.
TEST_F(ReconcileTest, KnowsAPriceByAnyOfItsNamesThere) {
    const auto subscription = started(world.customer("old"), "starter");
    const auto item = at_provider(subscription).at("items").at("data").at(0);
    const Json& price = item.at("price");
    const auto twin = world.sandbox_post(
        "/v1/prices",
        "currency=usd&recurring[interval]=month&product=" + price.at("product").get<std::string>() +
            "&unit_amount=" + std::to_string(price.at("unit_amount").get<std::int64_t>()));
    const auto name = twin.at("id").get<std::string>();
    world.sandbox_post("/v1/subscription_items/" + item.at("id").get<std::string>(),
                       "price=" + name + "&proration_behavior=none");
    EXPECT_EQ(found(kRepair), Lines{"price open"}) << "nobody has said what it is";
    ASSERT_TRUE(ledger->write_blocking([&](sql::Transaction& tx) {
        return link_provider_price(tx, {subscription.price, "stripe", name}, Instant{});
    }));
    EXPECT_EQ(found(kRepair), Lines{});
}

TEST_F(ReconcileTest, ListsWhatIsSoldToSomebodyWeDoNotKnow) {
    const auto subscription = started(world.customer("known"), "starter");
    const auto stranger = world.sandbox_post("/v1/customers", "name=Stranger");
    const auto id = stranger.at("id").get<std::string>();
    world.sandbox_post("/v1/payment_methods/pm_card_visa/attach", "customer=" + id);
    const auto methods = world.sandbox_get("/v1/payment_methods?customer=" + id);
    world.sandbox_post("/v1/customers/" + id,
                       "invoice_settings[default_payment_method]=" +
                           methods.at("data").at(0).at("id").get<std::string>());
    const auto price = at_provider(subscription).at("items").at("data").at(0).at("price").at("id");
    world.sandbox_post("/v1/subscriptions",
                       "customer=" + id + "&items[0][price]=" + price.get<std::string>());
    EXPECT_EQ(found(kRepair), Lines{"unknown_customer open"});
}

// The key of another account shows an empty provider: that must not end everybody's subscription.
TEST_F(ReconcileTest, DoesNotBelieveThatEverybodyIsGone) {
    std::vector<Subscription> subscriptions;
    for (const auto* name : {"a", "b", "c", "d"})
        subscriptions.push_back(started(world.customer(name), "starter"));
    ASSERT_GT(subscriptions.size(), kMissingThereMax);
    BillingWorld elsewhere{*ledger, fresh_account_key()};
    const auto look = [&](MissingThere missing) {
        const auto report = elsewhere.run(reconcile(
            elsewhere.billing, {.mode = kRepair, .missing = missing, .authority = tester}));
        EXPECT_TRUE(report) << report.error().message;
        return std::ranges::count(report->differences, true, &Difference::repaired);
    };
    EXPECT_EQ(look(MissingThere::Bounded), 0);
    for (const auto& subscription : subscriptions)
        EXPECT_EQ(load(subscription.id).status, SubscriptionStatus::Active);
    // Nor is every invoice looked for that is not there either.
    const auto missing_invoices = [&](MissingThere missing) {
        const auto report = elsewhere.run(reconcile(
            elsewhere.billing, {.mode = kReport, .missing = missing, .authority = tester}));
        return std::ranges::count_if(report->differences, [](const Difference& difference) {
            return difference.object.starts_with("in_");
        });
    };
    EXPECT_EQ(missing_invoices(MissingThere::Bounded), 0);
    EXPECT_EQ(missing_invoices(MissingThere::Any), 4);

    // On somebody's word they end, and the right key brings them back.
    EXPECT_EQ(look(MissingThere::Any), 4);
    EXPECT_EQ(load(subscriptions[0].id).status, SubscriptionStatus::Canceled);
    found(kRepair);
    for (const auto& subscription : subscriptions)
        EXPECT_EQ(load(subscription.id).status, SubscriptionStatus::Active);
}

// Ended here, and another one begun: the first cannot come back beside it, and says so.
TEST_F(ReconcileTest, DoesNotReviveBesideAnother) {
    const auto customer = world.customer("revived");
    const auto first = started(customer, "starter");
    BillingWorld elsewhere{*ledger, fresh_account_key()};
    ASSERT_TRUE(
        elsewhere.run(reconcile(elsewhere.billing, {.mode = kRepair, .authority = tester})));
    ASSERT_EQ(load(first.id).status, SubscriptionStatus::Canceled);
    const auto second = started(customer, "pro");
    const auto lines = found(kRepair);
    EXPECT_TRUE(std::ranges::find(lines, "status open") != lines.end());
    EXPECT_EQ(load(first.id).status, SubscriptionStatus::Canceled);
    EXPECT_EQ(load(second.id).status, SubscriptionStatus::Active);
}

}  // namespace
}  // namespace turnpike
