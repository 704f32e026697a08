#include "invoicing/carried_time.h"

#include <gtest/gtest.h>

#include "customers/service.h"
#include "invoicing/service.h"
#include "invoicing/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

const Instant kMoved = *parse_rfc3339("2026-04-11T08:00:00Z");
const Instant kPaidUntil = *parse_rfc3339("2026-05-01T00:00:00Z");
constexpr const char* kTheirWords = "Free trial for 1 × PRO";

/// PRO, which has moved from Razorpay to Stripe on 11 April 2026 and was paid until 1 May.
class CarriedTime : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        CustomerDraft draft;
        draft.external_id = "acme";
        db().write_blocking([&](sql::Transaction& tx) {
            customer_ = create_customer(tx, draft, {"test", ""}, kMoved, ids_)->id;
            sell_pro(tx);
            move(tx);
            return true;
        });
    }
    static void sell_pro(sql::Transaction& tx) {
        tx.run("INSERT INTO catalogs (key, position) VALUES ('shop', 0)");
        tx.run(
            "INSERT INTO plans (id, catalog, key, name, description, rank, is_default, origin, "
            "trial_days_max, created_at) VALUES ('pln', 'shop', 'pro', 'PRO', '', 1, 0, 'file', 0, "
            "0)");
        tx.run(
            "INSERT INTO plan_versions (id, plan_id, number, content_hash, custom_price, "
            "created_at) VALUES ('pv', 'pln', 1, '', 0, 0)");
        tx.run(
            "INSERT INTO prices (id, plan_version_id, currency, interval, interval_count, "
            "amount_minor) VALUES ('prc', 'pv', 'usd', 'month', 1, 9900)");
        tx.run(
            "INSERT INTO provider_prices (price_id, provider, provider_price_id, linked_at) "
            "VALUES ('prc', 'stripe', 'price_1', 0)");
    }
    void move(sql::Transaction& tx) {
        tx.run(
            "INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider, "
            "status, period_start, period_end, cancel_at_period_end, applied_ticket, created_at, "
            "updated_at, version) "
            "VALUES ($1, $2, 'pv', 'prc', 'stripe', 'active', 0, $3, 0, 0, 0, 0, 1)",
            {subscription_, *customer_, kPaidUntil});
        tx.run(
            "INSERT INTO provider_moves (id, subscription_id, from_provider, "
            "from_subscription_id, to_provider, to_subscription_id, begins_at, state, actor, "
            "request_id, created_at, went_on_at) "
            "VALUES ('pmv', $1, 'razorpay', 'sub_1', 'stripe', 'sub_2', $2, 'done', '', '', 0, 0)",
            {subscription_, kPaidUntil});
    }
    /// One line of the plan's price, for the time from the move on.
    Invoice with_line(std::int64_t cents, Instant until) {
        Invoice made = paid_invoice(ids_, *customer_, Money(cents, Currency::Usd), kMoved);
        made.subscription = subscription_;
        made.lines.push_back({.id = ids_.make<InvoiceLineId>(kMoved),
                              .provider_line_id = "il_1",
                              .kind = LineKind::Plan,
                              .description = kTheirWords,
                              .amount = Money(cents, Currency::Usd),
                              .period = {kMoved, until},
                              .provider_price = "price_1"});
        return made;
    }
    /// What its reader has of it.
    std::string shown(const Invoice& theirs) {
        return db().write_blocking([&](sql::Transaction& tx) {
            const auto id = mirror_invoice(tx, theirs, 1, kMoved);
            auto invoice = load_invoice(tx, *id);
            EXPECT_EQ(invoice->lines.at(0).description, kTheirWords) << "as the provider says";
            name_carried_time(tx, *invoice);
            return invoice->lines.at(0).description;
        });
    }
    void set(const char* statement, Instant at) {
        db().write_blocking([&](sql::Transaction& tx) {
            tx.run(statement, {at});
            return true;
        });
    }

    RandomIdSource ids_;
    std::optional<CustomerId> customer_;
    SubscriptionId subscription_ = ids_.make<SubscriptionId>(kMoved);
};
INSTANTIATE_TEST_SUITE_P(Engines, CarriedTime, sql::both_engines(), sql::engine_name);

TEST_P(CarriedTime, IsNamedByItsPlanItsEndAndWhereItWasPaid) {
    EXPECT_EQ(shown(with_line(0, kPaidUntil)), "PRO, paid until 1 May 2026 at Razorpay");
}

TEST_P(CarriedTime, AfterATrialThatWasOverIsPaidToo) {
    set("UPDATE subscriptions SET trial_end = $1", kMoved - std::chrono::days(10));
    EXPECT_EQ(shown(with_line(0, kPaidUntil)), "PRO, paid until 1 May 2026 at Razorpay");
}

TEST_P(CarriedTime, ATrialThatMovesIsNone) {
    set("UPDATE subscriptions SET trial_end = $1", kPaidUntil);
    EXPECT_EQ(shown(with_line(0, kPaidUntil)), kTheirWords);
}

TEST_P(CarriedTime, WhatCostsSomethingIsNone) {
    EXPECT_EQ(shown(with_line(9'900, kPaidUntil)), kTheirWords);
}

TEST_P(CarriedTime, WhatEndsAnotherDayIsNone) {
    EXPECT_EQ(shown(with_line(0, kPaidUntil + std::chrono::days(7))), kTheirWords);
}

TEST_P(CarriedTime, AMoveThatHasFailedCarriesNothing) {
    set("UPDATE provider_moves SET state = 'failed', finished_at = $1", kMoved);
    EXPECT_EQ(shown(with_line(0, kPaidUntil)), kTheirWords);
}

}  // namespace
}  // namespace turnpike
