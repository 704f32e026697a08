#include "billing/testing/power_cut.h"

#include <map>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "billing/life/checkout.h"
#include "billing/life/ended_adjustment.h"
#include "billing/life/test_clocks.h"
#include "billing/provider/payment_methods.h"
#include "billing/testing/testing.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::hours;

struct Totals {
    std::size_t customers, subscriptions, charges, invoices;
    friend bool operator==(const Totals&, const Totals&) = default;
};
Totals totals_at_provider(BillingWorld& world) {
    const auto size = [&](const std::string& path) {
        return world.sandbox_get(path).at("data").size();
    };
    return {size("/v1/customers?limit=100"), size("/v1/subscriptions?status=all&limit=100"),
            size("/v1/charges?limit=100"), size("/v1/invoices?limit=100")};
}

std::optional<Instant> load_ended_at(sql::Database& ledger, const SubscriptionId& subscription) {
    return ledger.read_blocking(
        [&](sql::Transaction& tx) { return load_subscription(tx, subscription)->ended_at; });
}

class PowerCuts : public ::testing::TestWithParam<DyingLedger::Moment> {};

// The default card may be gone before the second run, which says nothing about the first.
TEST_P(PowerCuts, SubscribingWithTheDefaultCardEndsTheSameOnBothSides) {
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 200) << "the flow never ends";
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        BillingWorld before(*ledger, key);
        const auto customer = before.customer("alice");
        const auto card =
            before.run(attach_method(before.billing, {customer, tester}, "pm_card_visa"));
        ASSERT_TRUE(card);
        ASSERT_TRUE(before.run(choose_method(before.billing, {customer, tester}, card->id)));

        DyingLedger dying(*ledger, visit, GetParam());
        BillingWorld doomed(dying, key);
        auto request = doomed.start_request(customer, "pro");
        request.payment_method.reset();
        try {
            (void)doomed.run(start_subscription(doomed.billing, request));
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        const bool whole = !dying.died();
        BillingWorld after(*ledger, key);
        after.sandbox_post("/v1/payment_methods/" + card->id + "/detach", "");
        recover(*ledger, key);

        const auto live = ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
        const auto there = after.sandbox_get("/v1/subscriptions?limit=100").at("data").size();
        EXPECT_EQ(there, live ? 1U : 0U);
        if (live) EXPECT_EQ(live->status, SubscriptionStatus::Active);
        if (whole) break;
    }
}

/// Cuts the power at the 1st, 2nd, 3rd ... visit to the ledger until a run comes through whole.
TEST_P(PowerCuts, SubscribingEndsInOneSubscriptionOneInvoiceOnePayment) {
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 200) << "the flow never ends";
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        const auto customer = BillingWorld(*ledger, key).customer("alice");

        DyingLedger dying(*ledger, visit, GetParam());
        BillingWorld doomed(dying, key);
        try {
            (void)doomed.run(
                start_subscription(doomed.billing, doomed.start_request(customer, "pro")));
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        const bool whole = !dying.died();
        recover(*ledger, key);

        BillingWorld after(*ledger, key);
        const auto live = ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
        if (!live) {
            // The cut came before anything was promised: nothing happened anywhere.
            EXPECT_EQ(totals_at_provider(after), (Totals{0, 0, 0, 0}));
            continue;
        }
        EXPECT_EQ(live->status, SubscriptionStatus::Active);
        EXPECT_EQ(totals_at_provider(after), (Totals{1, 1, 1, 1}));
        if (whole) break;
    }
}

/// Opens a checkout page, pays it, and comes back.
void buy_on_a_page(BillingWorld& world, const CustomerId& customer) {
    const auto start = world.start_request(customer, "pro");
    CheckoutRequest request{.customer = customer,
                            .plan_version = start.plan_version,
                            .price = start.price,
                            .success_url = "https://shop.example/a",
                            .cancel_url = "https://shop.example/b",
                            .authority = tester};
    const auto session = world.run(open_checkout(world.billing, std::move(request)));
    if (!session) return;
    world.sandbox_post("/v1/payment_pages/" + *session->provider_session_id + "/confirm",
                       "payment_method=pm_card_visa");
    (void)world.run(refresh_checkout(world.billing, *session, tester));
}

TEST_P(PowerCuts, APageEndsInOneSubscriptionOneInvoiceOnePayment) {
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 200) << "the flow never ends";
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        const auto customer = BillingWorld(*ledger, key).customer("alice");

        DyingLedger dying(*ledger, visit, GetParam());
        BillingWorld doomed(dying, key);
        try {
            buy_on_a_page(doomed, customer);
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        const bool whole = !dying.died();
        // Whoever asks again goes on with it, paid or not.
        BillingWorld after(*ledger, key);
        buy_on_a_page(after, customer);

        const auto live = ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
        ASSERT_TRUE(live);
        EXPECT_EQ(live->status, SubscriptionStatus::Active);
        EXPECT_EQ(totals_at_provider(after), (Totals{1, 1, 1, 1}));
        EXPECT_EQ(after.sandbox_get("/v1/checkout/sessions").at("data").size(), 1U);
        if (whole) break;
    }
}

enum class Store : bool { Ledger, Log };

void close_a_period_under_power_cuts(DyingLedger::Moment moment, Store store) {
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 200) << "the flow never ends";
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        const sql::TempFolder folder;
        const auto log = store == Store::Log ? usage_log_in(folder) : nullptr;
        BillingWorld before(*ledger, key, log.get());
        const auto clock = before.run(
            create_test_clock(before.billing, "c", from_unix_seconds(1'767'225'600), tester));
        ASSERT_TRUE(clock);
        const auto customer = before.customer("alice", clock->id);
        const auto subscription =
            before.run(start_subscription(before.billing, before.start_request(customer, "pro")));
        ASSERT_TRUE(subscription);
        before.use(customer, 12'345, "u1");

        DyingLedger dying(*ledger, visit, moment);
        BillingWorld doomed(dying, key, log.get());
        try {
            (void)doomed.run(
                advance_test_clock(doomed.billing, clock->id, subscription->period.end, tester));
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        const bool whole = !dying.died();
        BillingWorld after(*ledger, key, log.get());
        const auto moved = after.run(advance_test_clock(
            after.billing, clock->id, subscription->period.end + hours(2), tester));
        ASSERT_TRUE(moved) << moved.error().message;
        recover(*ledger, key, log.get());

        int overage = 0, invoices = 0;
        for (const auto& invoice : after.sandbox_get("/v1/invoices?limit=100").at("data")) {
            ++invoices;
            for (const auto& line : invoice.at("lines").at("data"))
                if (line.at("amount") == 4'690) ++overage;
        }
        EXPECT_EQ(overage, 1);
        EXPECT_EQ(invoices, 2);
        EXPECT_EQ(after.sandbox_get("/v1/charges?limit=100").at("data").size(), 2U);
        if (whole) break;
    }
}

TEST_P(PowerCuts, ClosingAPeriodBillsItsOverageOnce) {
    close_a_period_under_power_cuts(GetParam(), Store::Ledger);
}

/// The log and the ledger commit apart; no cut between them shows.
TEST_P(PowerCuts, ClosingAPeriodOfTheUsageLogBillsItsOverageOnce) {
    close_a_period_under_power_cuts(GetParam(), Store::Log);
}

/// How often each amount is on an invoice that somebody is asked to pay.
std::map<std::int64_t, int> lines_asked_for(BillingWorld& world) {
    std::map<std::int64_t, int> lines;
    for (const auto& invoice : world.sandbox_get("/v1/invoices?limit=100").at("data"))
        if (invoice.at("status") != "draft")
            for (const auto& line : invoice.at("lines").at("data"))
                ++lines[line.at("amount").get<std::int64_t>()];
    return lines;
}

/// January is charged, $2.00, and February, $4.00, ends with the subscription. 50 calls of January,
/// $1.00, come between the cut and the next process.
TEST_P(PowerCuts, LateUsageBetweenTwoRunsOfACloseIsChargedOnce) {
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 200) << "the flow never ends";
        const Instant january = from_unix_seconds(1'767'225'600);
        const auto february = january + std::chrono::days(31) + hours(2);
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        const sql::TempFolder folder;
        const auto log = usage_log_in(folder);
        BillingWorld before(*ledger, key, log.get());
        const auto clock = before.run(create_test_clock(before.billing, "c", january, tester));
        const auto customer = before.customer("alice", clock->id);
        const auto subscription =
            before.run(start_subscription(before.billing, before.start_request(customer, "pro")));
        before.use(customer, 10'100, "january");
        ASSERT_TRUE(before.run(advance_test_clock(before.billing, clock->id, february, tester)));
        before.use(customer, 10'200, "february");

        DyingLedger dying(*ledger, visit, GetParam());
        BillingWorld doomed(dying, key, log.get());
        try {
            (void)doomed.run(
                cancel_subscription(doomed.billing, {subscription->id, CancelWhen::Now, tester}));
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        const bool whole = !dying.died();
        BillingWorld after(*ledger, key, log.get());
        after.send(customer, 50, "late", january + std::chrono::days(20));
        recover(*ledger, key, log.get());
        const bool has_ended = load_ended_at(*ledger, subscription->id).has_value();
        if (!has_ended) continue;  // nothing was promised

        const Instant later = february + std::chrono::days(2);
        ASSERT_TRUE(after.run(advance_test_clock(after.billing, clock->id, later, tester)));
        after.run(queue_ended_adjustments(after.billing, after.clock.now()));
        recover(*ledger, key, log.get());
        auto lines = lines_asked_for(after);
        for (const std::int64_t cents : {200, 400, 100}) EXPECT_EQ(lines[cents], 1) << cents;
        if (whole) break;
    }
}

INSTANTIATE_TEST_SUITE_P(, PowerCuts,
                         ::testing::Values(DyingLedger::Moment::BeforeCommit,
                                           DyingLedger::Moment::AfterCommit),
                         [](const auto& info) {
                             return info.param == DyingLedger::Moment::BeforeCommit ? "BeforeCommit"
                                                                                    : "AfterCommit";
                         });

}  // namespace
}  // namespace turnpike
