#include "billing/life/period_close.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/life/mirror.h"
#include "billing/life/test_clocks.h"
#include "billing/testing/sandbox_trouble.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "json/value.h"
#include "webhooks/log_testing.h"

namespace turnpike {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Placement = PeriodClose::Placement;

/// Asks before each visit to the ledger, told its number; once the answer is true, this visit and
/// all later ones fail, as for a dead process.
class MortalLedger final : public sql::Database {
public:
    using Watch = std::function<bool(int visit)>;
    MortalLedger(sql::Database& inner, Watch watch) : inner_(inner), watch_(std::move(watch)) {}

    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    [[nodiscard]] bool died() const { return dead_; }

    void submit(Kind kind, sql::Job job, sql::Done done) override {
        if (!dead_) dead_ = watch_(++visits_);
        if (!dead_) return inner_.submit(kind, std::move(job), std::move(done));
        done(std::make_exception_ptr(std::runtime_error("the process is dead")));
    }

private:
    sql::Database& inner_;
    Watch watch_;
    int visits_ = 0;
    bool dead_ = false;
};

/// PRO in its second period, ended at the provider: the close of the first one waits, with its line
/// on a draft that nobody will finalize. 12,345 - 10,000 = 2,345 calls at 2 cents are 4,690 cents.
class DeadDraft {
public:
    DeadDraft() {
        const auto clock = world.run(
            create_test_clock(world.billing, "c", from_unix_seconds(1'767'225'600), tester));
        const auto customer = world.customer("alice", clock->id);
        const auto started =
            world.run(start_subscription(world.billing, world.start_request(customer, "pro")));
        world.use(customer, 12'345, "u1");
        const Instant soon_after = started->period.end + std::chrono::minutes(30);
        EXPECT_TRUE(world.run(advance_test_clock(world.billing, clock->id, soon_after, tester)));
        world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
        end_at_the_provider(*started->provider_subscription_id);
        close = pending().front();
        EXPECT_EQ(close.placement, Placement::RenewalDraft);
    }

    /// Runs the close in a process that dies with the line on the new invoice, which is a draft.
    void move_to_an_invoice_of_its_own() {
        MortalLedger watched(*ledger, [&](int) { return has_moved(); });
        const auto live = [&] {
            BillingWorld doomed(watched, key);
            return doomed.run(run_period_close(doomed.billing, close, tester)).has_value();
        };
        EXPECT_THROW((void)live(), std::exception);
        EXPECT_TRUE(watched.died());
    }
    /// A process that starts now finishes what is left over.
    void finish() {
        BillingWorld next(*ledger, key);
        next.run(run_billing_pass(next.billing, next.clock.now() + std::chrono::hours(1),
                                  from_unix_seconds(0)));
        EXPECT_TRUE(pending().empty());
    }
    /// How often the overage is on an invoice that the customer is asked to pay.
    int times_asked_for() {
        int lines = 0;
        for (const auto& invoice : world.sandbox_get("/v1/invoices?limit=100").at("data")) {
            if (invoice.at("status") == "draft") continue;
            for (const auto& line : invoice.at("lines").at("data"))
                if (line.at("amount") == 4'690) ++lines;
        }
        return lines;
    }

    std::unique_ptr<sql::Database> ledger = ledger_with_catalog();
    std::string key = fresh_account_key();
    BillingWorld world{*ledger, key};
    PeriodClose close{.subscription = SubscriptionId::trusted(""),
                      .period = {},
                      .provider = "",
                      .placement = Placement::Undecided,
                      .provider_invoice_id = ""};

private:
    void end_at_the_provider(const std::string& provider_id) {
        world.sandbox_delete("/v1/subscriptions/" + provider_id);
        const auto theirs = world.run(world.provider->get_subscription(provider_id));
        ledger->write_blocking([&](sql::Transaction& tx) {
            const MirrorScope scope{world.provider->name(), world.ids, world.clock.now(), tester,
                                    next_fetch_ticket(tx)};
            return mirror_subscription(tx, scope, *theirs).has_value();
        });
    }
    std::vector<PeriodClose> pending() {
        return ledger->read_blocking(
            [](sql::Transaction& tx) { return pending_period_closes(tx, "stripe", 10); });
    }
    bool has_moved() {
        return ledger->read_blocking([](sql::Transaction& tx) {
            return tx
                .one(R"sql(
                    SELECT 1 FROM period_closes p JOIN overage_charges c
                        ON c.subscription_id = p.subscription_id AND c.period_start = p.period_start
                     WHERE p.placement = 'own_invoice' AND p.provider_invoice_id <> ''
                       AND c.provider_invoice_item_id IS NOT NULL)sql")
                .has_value();
        });
    }
};

TEST(PeriodCloses, MoveOffADeadDraftOnce) {
    DeadDraft draft;
    draft.move_to_an_invoice_of_its_own();
    EXPECT_EQ(draft.times_asked_for(), 0);
    draft.finish();
    EXPECT_EQ(draft.times_asked_for(), 1);
}

// Between any two steps of one run another one moves the line, and dies; the first one dies a step
// later, and a third one has to find the line where it is.
TEST(PeriodCloses, ThatRunTogetherBillOnce) {
    for (int visit = 2;; ++visit) {  // the world's own start is one visit
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 100) << "the run never ends";
        DeadDraft draft;
        MortalLedger watched(*draft.ledger, [&](int now) {
            if (now == visit) draft.move_to_an_invoice_of_its_own();
            return now > visit;
        });
        BillingWorld overtaken(watched, draft.key);
        try {
            (void)overtaken.run(run_period_close(overtaken.billing, draft.close, tester));
        } catch (const std::exception&) {
            EXPECT_TRUE(watched.died());
        }
        draft.finish();
        EXPECT_EQ(draft.times_asked_for(), 1);
        if (!watched.died()) break;
    }
}

// A list of what is pending is old when its turn comes.
TEST(PeriodCloses, GoOnFromWhereTheCloseIsNow) {
    DeadDraft draft;
    draft.move_to_an_invoice_of_its_own();
    PeriodClose stale = draft.close;
    stale.placement = Placement::OwnInvoice;
    stale.provider_invoice_id = "";
    const auto closed = draft.world.run(run_period_close(draft.world.billing, stale, tester));
    ASSERT_TRUE(closed) << closed.error().message;
    EXPECT_EQ(draft.times_asked_for(), 1);
}

// A worker looks every second, and a provider may be away for a day.
TEST(PeriodCloses, ThatFailAgainAreToldOnceUntilTheyWork) {
    DeadDraft draft;
    FailureLog failures;
    const auto pass = [&](BillingWorld& world) {
        return world.run(run_billing_pass(world.billing, world.clock.now() + std::chrono::hours(1),
                                          from_unix_seconds(0), failures));
    };
    LogCapture log;
    trouble(draft.world, R"({"call": "*", "do": "rate_limit", "next": 1000})");
    for (int i = 0; i < 3; ++i) pass(draft.world);
    const auto told = lines_of(log.take(), "billing.close_failed");
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_THAT(told[0], HasSubstr("object=" + draft.close.subscription.text()));
    EXPECT_THAT(told[0], HasSubstr(" failures=1 "));

    all_is_well(draft.world);
    BillingWorld next(*draft.ledger, draft.key);
    pass(next);
    const auto recovered = lines_of(log.take(), "billing.close_recovered");
    ASSERT_THAT(recovered, SizeIs(1));
    EXPECT_THAT(recovered[0], HasSubstr(" failures=3"));
    EXPECT_EQ(draft.times_asked_for(), 1);
}

// Each step of a pass needs the ledger.
TEST(PeriodCloses, WithoutALedgerAreToldOnceForEachStep) {
    DeadDraft draft;
    FailureLog failures;
    LogCapture log;
    const auto pass = [&](sql::Database& ledger) {
        BillingWorld world(ledger, draft.key);
        world.run(
            run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0), failures));
    };
    for (int i = 0; i < 3; ++i) {
        MortalLedger away(*draft.ledger, [](int visit) { return visit > 1; });
        pass(away);
    }
    const auto told = lines_of(log.take(), "billing.pass_failed");
    EXPECT_THAT(told, SizeIs(9));
    EXPECT_THAT(told,
                Contains(HasSubstr("step=closes failures=1 message=\"the process is dead\"")));
    pass(*draft.ledger);
    EXPECT_THAT(lines_of(log.take(), "billing.pass_recovered"),
                Contains(HasSubstr("step=closes failures=3")));
}

}  // namespace
}  // namespace turnpike
