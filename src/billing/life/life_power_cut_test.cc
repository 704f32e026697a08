#include <functional>

#include "billing/life/reconcile.h"
#include "billing/life/test_clocks.h"
#include "billing/provider/payment_methods.h"
#include "billing/testing/power_cut.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days;

const Instant may_first = from_unix_seconds(1'777'593'600);  // 2026-05-01

Result<Subscription> plan_starter(BillingWorld& world, const Subscription& s,
                                  std::optional<std::int64_t> quantity = {}) {
    return world.run(change_subscription(world.billing, {s.id, world.price_of("starter"), tester,
                                                         quantity, ChangeWhen::AtPeriodEnd}));
}

Result<Subscription> cancel_when(BillingWorld& world, const Subscription& s, CancelWhen when) {
    return world.run(cancel_subscription(
        world.billing, {.subscription = s.id, .when = when, .authority = tester}));
}

Result<Subscription> pause_it(BillingWorld& world, const Subscription& s) {
    return world.run(pause_subscription(
        world.billing, {s.id, {PauseBehavior::Void, may_first + days(5)}, tester}));
}

/// A command, what comes before it, and how one sees that it was carried out.
struct Step {
    const char* what;
    bool is_trial = false;
    std::function<void(BillingWorld&, const Subscription&)> before;
    std::function<void(BillingWorld&, const Subscription&)> act;
    std::function<bool(const Subscription&)> is_done;
};

void nothing_before(BillingWorld& /*world*/, const Subscription& /*subscription*/) {}

const Step kSteps[] = {
    {"change at the period's end", false, nothing_before,
     [](BillingWorld& w, const Subscription& s) { (void)plan_starter(w, s, 2); },
     [](const Subscription& s) { return s.pending_change && s.pending_change->quantity == 2; }},
    {"another planned change", false,
     [](BillingWorld& w, const Subscription& s) { (void)plan_starter(w, s); },
     [](BillingWorld& w, const Subscription& s) { (void)plan_starter(w, s, 3); },
     [](const Subscription& s) { return s.pending_change && s.pending_change->quantity == 3; }},
    {"change now in place of a planned one", false,
     [](BillingWorld& w, const Subscription& s) { (void)plan_starter(w, s); },
     [](BillingWorld& w, const Subscription& s) {
         (void)w.run(
             change_subscription(w.billing, {s.id, w.price_of("pro"), tester, 4, ChangeWhen::Now}));
     },
     [](const Subscription& s) { return s.quantity == 4 && !s.pending_change; }},
    {"keep, with a change that waits", false,
     [](BillingWorld& w, const Subscription& s) {
         (void)plan_starter(w, s);
         (void)cancel_when(w, s, CancelWhen::AtPeriodEnd);
     },
     [](BillingWorld& w, const Subscription& s) { (void)cancel_when(w, s, CancelWhen::Never); },
     [](const Subscription& s) { return !s.cancel_at_period_end && s.pending_change; }},
    {"pause", false, nothing_before,
     [](BillingWorld& w, const Subscription& s) { (void)pause_it(w, s); },
     [](const Subscription& s) { return s.pause && s.paused_at; }},
    {"resume", false, [](BillingWorld& w, const Subscription& s) { (void)pause_it(w, s); },
     [](BillingWorld& w, const Subscription& s) {
         (void)w.run(resume_subscription(w.billing, {s.id, tester}));
     },
     [](const Subscription& s) { return !s.pause && !s.paused_at; }},
    {"end of the trial", true, nothing_before,
     [](BillingWorld& w, const Subscription& s) {
         (void)w.run(end_trial(w.billing, {s.id, std::nullopt, tester}));
     },
     [](const Subscription& s) { return s.status == SubscriptionStatus::Active; }},
};

std::size_t commands_in_state(sql::Database& ledger, const char* state) {
    return ledger.read_blocking([&](sql::Transaction& tx) {
        return tx.all("SELECT id FROM subscription_commands WHERE state = $1", {state}).size();
    });
}

class LifePowerCuts : public ::testing::TestWithParam<DyingLedger::Moment> {
protected:
    /// True when the run came through whole.
    static bool cut_at(int visit, const Step& step, DyingLedger::Moment moment) {
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        BillingWorld before(*ledger, key);
        const auto clock = before.run(create_test_clock(before.billing, "c", may_first, tester));
        auto request = before.start_request(before.customer("alice", clock->id), "pro");
        if (step.is_trial) request.trial = TrialWish{may_first + days(9)};
        const auto started = before.run(start_subscription(before.billing, request));
        if (!started) throw std::runtime_error(started.error().message);
        step.before(before, *started);
        const auto commands_before = commands_in_state(*ledger, "done");

        DyingLedger dying(*ledger, visit, moment);
        BillingWorld doomed(dying, key);
        try {
            step.act(doomed, *started);
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        const bool whole = !dying.died();
        recover(*ledger, key);

        BillingWorld after(*ledger, key);
        const auto now = *ledger->read_blocking(
            [&](sql::Transaction& tx) { return load_subscription(tx, started->id); });
        EXPECT_EQ(commands_in_state(*ledger, "pending"), 0U);
        EXPECT_EQ(commands_in_state(*ledger, "failed"), 0U);
        const bool was_promised = commands_in_state(*ledger, "done") > commands_before;
        EXPECT_EQ(step.is_done(now), was_promised);
        if (whole) EXPECT_TRUE(was_promised);
        const auto report = after.run(
            reconcile(after.billing, {.mode = ReconcileMode::Report, .authority = tester}));
        if (!report) throw std::runtime_error(report.error().message);
        // Invoices are mirrored by their events, or by the next reconciliation.
        for (const auto& difference : report->differences)
            EXPECT_FALSE(difference.object.starts_with("sub_")) << difference.field;
        return whole;
    }
};

TEST_P(LifePowerCuts, ACommandIsCarriedOutOnceOrWasNeverPromised) {
    for (const Step& step : kSteps) {
        for (int visit = 1;; ++visit) {
            SCOPED_TRACE(std::string(step.what) + ", visit " + std::to_string(visit));
            ASSERT_LT(visit, 200) << "the flow never ends";
            if (cut_at(visit, step, GetParam())) break;
        }
    }
}

/// Trials are started once, and charged for nothing.
TEST_P(LifePowerCuts, ATrialBeginsOnce) {
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 200) << "the flow never ends";
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        BillingWorld before(*ledger, key);
        const auto clock = before.run(create_test_clock(before.billing, "c", may_first, tester));
        const auto customer = before.customer("alice", clock->id);
        DyingLedger dying(*ledger, visit, GetParam());
        BillingWorld doomed(dying, key);
        auto request = doomed.start_request(customer, "pro");
        request.payment_method.reset();
        request.trial = TrialWish{may_first + days(14), TrialEndBehavior::Pause};
        try {
            (void)doomed.run(start_subscription(doomed.billing, request));
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        const bool whole = !dying.died();
        recover(*ledger, key);
        BillingWorld after(*ledger, key);
        const auto live = ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
        const auto there = after.sandbox_get("/v1/subscriptions?limit=100").at("data").size();
        EXPECT_EQ(there, live ? 1U : 0U);
        if (live) EXPECT_EQ(live->status, SubscriptionStatus::Trialing);
        EXPECT_EQ(after.sandbox_get("/v1/charges?limit=100").at("data").size(), 0U);
        if (whole) break;
    }
}

/// A trial that ended paused is resumed by a good card; before that, `declined` was tried or not.
struct PausedTrial {
    PausedTrial(BillingWorld& world, bool declined) {
        const auto clock = world.run(create_test_clock(world.billing, "c", may_first, tester));
        customer = world.customer("alice", clock->id);
        auto request = world.start_request(*customer, "pro");
        request.payment_method.reset();
        request.trial = TrialWish{may_first + days(14), TrialEndBehavior::Pause};
        id = world.run(start_subscription(world.billing, request)).value().id;
        (void)world.run(advance_test_clock(world.billing, clock->id, may_first + days(15), tester));
        if (declined) {
            use(world, "pm_card_chargeCustomerFail");
            (void)world.run(resume_subscription(world.billing, {*id, tester}));
        }
        use(world, "pm_card_visa");
    }
    void use(BillingWorld& world, const std::string& card) const {
        const CardOwner owner{*customer, tester};
        const auto attached = world.run(attach_method(world.billing, owner, card));
        (void)world.run(choose_method(world.billing, owner, attached->id));
    }
    std::optional<CustomerId> customer;
    std::optional<SubscriptionId> id;
};

TEST_P(LifePowerCuts, AResumptionIsPaidOnce) {
    for (const bool declined : {false, true}) {
        for (int visit = 1;; ++visit) {
            SCOPED_TRACE((declined ? "again, visit " : "visit ") + std::to_string(visit));
            ASSERT_LT(visit, 200) << "the flow never ends";
            const auto ledger = ledger_with_catalog();
            const auto key = fresh_account_key();
            BillingWorld before(*ledger, key);
            const PausedTrial trial(before, declined);
            const auto done_before = commands_in_state(*ledger, "done");
            DyingLedger dying(*ledger, visit, GetParam());
            BillingWorld doomed(dying, key);
            try {
                (void)doomed.run(resume_subscription(doomed.billing, {*trial.id, tester}));
            } catch (const std::exception&) {
                EXPECT_TRUE(dying.died());
            }
            const bool whole = !dying.died();
            recover(*ledger, key);
            BillingWorld after(*ledger, key);
            const bool was_promised = commands_in_state(*ledger, "done") > done_before;
            if (whole) EXPECT_TRUE(was_promised);
            EXPECT_EQ(commands_in_state(*ledger, "pending"), 0U);
            EXPECT_EQ(commands_in_state(*ledger, "failed"), 0U);
            const auto now = ledger->read_blocking(
                [&](sql::Transaction& tx) { return load_subscription(tx, *trial.id); });
            EXPECT_EQ(now->status,
                      was_promised ? SubscriptionStatus::Active : SubscriptionStatus::Paused);
            std::int64_t taken = 0;
            for (const auto& charge : after.sandbox_get("/v1/charges?limit=100").at("data"))
                taken += charge.at("amount_captured").get<std::int64_t>();
            EXPECT_EQ(taken, was_promised ? 9'900 : 0);
            if (whole) break;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(, LifePowerCuts,
                         ::testing::Values(DyingLedger::Moment::BeforeCommit,
                                           DyingLedger::Moment::AfterCommit),
                         [](const auto& info) {
                             return info.param == DyingLedger::Moment::BeforeCommit ? "BeforeCommit"
                                                                                    : "AfterCommit";
                         });

}  // namespace
}  // namespace turnpike
