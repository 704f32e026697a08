// Money that goes back: asked for here, or seen at the provider.

#include "invoicing/refunds.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/life/reconcile.h"
#include "billing/life/refunding.h"
#include "billing/life/returned_money.h"
#include "billing/life/sync.h"
#include "billing/testing/power_cut.h"
#include "billing/testing/sandbox_trouble.h"
#include "billing/testing/testing.h"
#include "billing/testing/told_provider.h"
#include "billing/testing/watched_ledger.h"
#include "billing/worker.h"
#include "json/value.h"
#include "webhooks/log_testing.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Money usd(std::int64_t cents) { return {cents, Currency::Usd}; }

/// Who paid $99.00 for PRO.
class MoneyBack : public BillingTest {
protected:
    void bought(const std::string& card = "pm_card_visa") {
        customer = world.customer("alice");
        const auto made = world.run(
            start_subscription(world.billing, world.start_request(*customer, "pro", card)));
        ASSERT_TRUE(made) << made.error().message;
    }
    Invoice invoice() { return world.invoices(*customer).at(0); }
    Result<Refund> refund(std::optional<std::int64_t> amount = {},
                          std::optional<std::string> reason = {}) {
        return world.run(refund_invoice(world.billing, {.invoice = invoice().id,
                                                        .wish = {.amount = amount, .currency = {}},
                                                        .reason = std::move(reason),
                                                        .authority = tester}));
    }
    /// Refunds are made at the provider from now on, and no answer comes.
    void lose_answers() {
        trouble(world, R"({"call": "POST /v1/refunds", "do": "timeout_after_commit",)"
                       R"( "next": 1000, "wait_ms": 10})");
    }
    std::string refusal(std::optional<std::int64_t> amount = {}) {
        const auto answer = refund(amount);
        return answer ? "" : std::string(answer.error().reason.text());
    }
    std::vector<Refund> refunds() {
        return ledger->read_blocking(
            [](sql::Transaction& tx) { return list_refunds(tx, {}, {.limit = 100}); });
    }
    Refund load(const RefundId& id) {
        return ledger->read_blocking([&](sql::Transaction& tx) { return load_refund(tx, id); })
            .value();
    }
    std::vector<Dispute> disputes() {
        return ledger->read_blocking(
            [](sql::Transaction& tx) { return list_disputes(tx, {}, {.limit = 100}); });
    }
    /// Everything that the provider has told of, newest first: the worst order.
    std::vector<Json> events(const std::string& type) {
        return world.sandbox_get("/v1/events?limit=100&type=" + type).at("data");
    }
    void deliver(const std::string& type) {
        const auto all = events(type);
        ASSERT_FALSE(all.empty()) << type;
        for (const Json& event : all) {
            const auto applied =
                world.run(apply_event(world.billing, {type, to_text(event)}, tester));
            ASSERT_TRUE(applied) << type << ": " << applied.error().message;
        }
    }
    /// What endpoints would be told, in order, of refunds and disputes.
    std::vector<std::string> told() {
        return ledger->read_blocking([](sql::Transaction& tx) {
            std::vector<std::string> types;
            for (const auto& row :
                 tx.all("SELECT type FROM outbox_events WHERE type LIKE 'refund.%' "
                        "OR type LIKE 'dispute.%' ORDER BY created_at, sequence"))
                types.push_back(row.text(0));
            return types;
        });
    }
    void pass() {
        world.run(run_billing_pass(world.billing, world.clock.now() + std::chrono::hours(1),
                                   from_unix_seconds(0)));
    }
    std::int64_t refunded_there() {
        return world.sandbox_get("/v1/charges?limit=1").at("data").at(0).at("amount_refunded");
    }
    std::string payment() {
        return world.sandbox_get("/v1/payment_intents?limit=1").at("data").at(0).at("id");
    }

    std::optional<CustomerId> customer;
};

TEST_F(MoneyBack, GoesBackWhole) {
    bought();
    const auto made = refund({}, "requested_by_customer");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->status, RefundStatus::Succeeded);
    EXPECT_EQ(made->amount, usd(9'900));
    EXPECT_EQ(made->reason, "requested_by_customer");
    EXPECT_EQ(made->customer, customer);
    EXPECT_EQ(invoice().refunded, usd(9'900));
    EXPECT_EQ(refunded_there(), 9'900);
    EXPECT_EQ(refusal(), "refund.nothing_left");
    // What the webhooks tell is known already.
    deliver("refund.created");
    deliver("charge.refunded");
    EXPECT_EQ(refunds().size(), 1U);
    EXPECT_THAT(told(), ElementsAre("refund.created"));
}

// 40.00 + 59.00 = 99.00
TEST_F(MoneyBack, GoesBackInParts) {
    bought();
    ASSERT_TRUE(refund(4'000));
    EXPECT_EQ(invoice().refunded, usd(4'000));
    EXPECT_EQ(refusal(5'901), "refund.exceeds_payment");
    ASSERT_TRUE(refund(5'900));
    EXPECT_EQ(invoice().refunded, usd(9'900));
    EXPECT_EQ(refunded_there(), 9'900);
    EXPECT_EQ(refusal(1), "refund.nothing_left");
    EXPECT_EQ(refunds().size(), 2U);
}

// Eight ask for $40.00 of $99.00 at once: two fit.
TEST_F(MoneyBack, AskedForAtOnceIsNeverMoreThanWasPaid) {
    bought();
    const auto id = invoice().id;
    std::array<bool, 8> made{};
    {
        std::vector<std::jthread> askers;
        for (bool& done : made)
            askers.emplace_back([this, &id, &done] {
                const auto answer = run_to_end(refund_invoice(
                    world.billing,
                    {.invoice = id, .wish = {.amount = 4'000}, .reason = {}, .authority = tester}));
                done = answer.has_value();
            });
    }
    EXPECT_EQ(std::ranges::count(made, true), 2);
    EXPECT_EQ(invoice().refunded, usd(8'000));
    EXPECT_EQ(refunded_there(), 8'000);
}

TEST_F(MoneyBack, OfAnUnpaidInvoiceThereIsNone) {
    bought();
    ledger->write_blocking([&](sql::Transaction& tx) {
        tx.run("UPDATE invoices SET status = 'open', amount_paid_minor = 0");
        return true;
    });
    EXPECT_EQ(refusal(), "refund.not_paid");
    EXPECT_THAT(refunds(), IsEmpty());
}

// Someone refunds at the provider's own pages; the event says which charge, or which refund.
TEST_F(MoneyBack, MadeAtTheProviderIsSeenHere) {
    bought();
    world.sandbox_post("/v1/refunds", "payment_intent=" + payment() + "&amount=1500");
    deliver("charge.refunded");
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].amount, usd(1'500));
    EXPECT_EQ(refunds()[0].invoice, invoice().id);
    EXPECT_EQ(refunds()[0].customer, customer);
    EXPECT_EQ(invoice().refunded, usd(1'500));
    deliver("refund.created");
    deliver("charge.refunded");
    EXPECT_EQ(refunds().size(), 1U);
    EXPECT_THAT(told(), ElementsAre("refund.created"));
    EXPECT_EQ(refusal(8'401), "refund.exceeds_payment");
    EXPECT_TRUE(refund(8'400));
}

// The invoice is not known yet when its refund is told of.
TEST_F(MoneyBack, IsToldOfBeforeItsInvoice) {
    bought();
    ledger->write_blocking([&](sql::Transaction& tx) {
        tx.run("DELETE FROM invoice_lines");
        tx.run("DELETE FROM invoices");
        return true;
    });
    world.sandbox_post("/v1/refunds", "payment_intent=" + payment());
    deliver("refund.created");
    EXPECT_EQ(invoice().refunded, usd(9'900));
    EXPECT_EQ(refunds().at(0).invoice, invoice().id);
}

// Stripe's card 4000000000005126: the refund is made, and fails later.
TEST_F(MoneyBack, ThatFailsLaterIsStillThere) {
    bought("pm_card_refundFail");
    ASSERT_TRUE(refund());
    deliver("refund.failed");
    EXPECT_EQ(refunds().at(0).status, RefundStatus::Failed);
    EXPECT_EQ(refunds().at(0).failure_reason, "unknown");
    EXPECT_EQ(invoice().refunded, usd(0));
    // It may be tried again, as another refund.
    EXPECT_TRUE(refund(1'000));
    EXPECT_EQ(refunds().size(), 2U);
}

TEST_F(MoneyBack, WithoutAnAnswerIsFinishedByTheWorker) {
    bought();
    lose_answers();
    const auto unknown = refund(4'000);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::OutcomeUnknown);
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].status, RefundStatus::Creating);
    // The money is spoken for.
    EXPECT_EQ(invoice().refunded, usd(4'000));
    EXPECT_EQ(refusal(5'901), "refund.exceeds_payment");
    EXPECT_THAT(told(), IsEmpty());
    all_is_well(world);
    pass();
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].status, RefundStatus::Succeeded);
    EXPECT_EQ(refunded_there(), 4'000);
    EXPECT_THAT(told(), ElementsAre("refund.created"));
}

// The worker looks every second, and a provider may be away for a day.
TEST_F(MoneyBack, WithoutAnAnswerIsToldOnceUntilItWorks) {
    bought();
    lose_answers();
    ASSERT_FALSE(refund(4'000));
    all_is_well(world);
    trouble(world, R"({"call": "*", "do": "rate_limit", "next": 1000})");
    FailureLog failures;
    const auto look = [&] {
        world.run(run_billing_pass(world.billing, world.clock.now() + std::chrono::hours(1),
                                   from_unix_seconds(0), failures));
    };
    LogCapture log;
    for (int i = 0; i < 3; ++i) look();
    const auto failed = lines_of(log.take(), "billing.refund_failed");
    ASSERT_THAT(failed, SizeIs(1));
    EXPECT_THAT(failed[0], HasSubstr("object=" + refunds()[0].id.text()));
    all_is_well(world);
    look();
    const auto recovered = lines_of(log.take(), "billing.refund_recovered");
    ASSERT_THAT(recovered, SizeIs(1));
    EXPECT_THAT(recovered[0], HasSubstr(" failures=3"));
    EXPECT_EQ(refunded_there(), 4'000);
}

// The event may be faster than the worker.
TEST_F(MoneyBack, WithoutAnAnswerIsKnownByItsEvent) {
    bought();
    lose_answers();
    ASSERT_FALSE(refund(4'000));
    all_is_well(world);
    deliver("refund.created");
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].status, RefundStatus::Succeeded);
    pass();
    EXPECT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunded_there(), 4'000);
}

// The provider does not know that part of it went back already, or we do not.
TEST_F(MoneyBack, ThatTheProviderRefusesIsFreeAgain) {
    bought();
    world.sandbox_post("/v1/refunds", "payment_intent=" + payment() + "&amount=9000");
    EXPECT_EQ(refusal(1'000), "refund.several_payments");
    EXPECT_EQ(refunds().at(0).status, RefundStatus::Failed);
    EXPECT_EQ(invoice().refunded, usd(0));
    EXPECT_TRUE(refund(900));
}

TEST_F(MoneyBack, ClaimedThroughTheBankIsNotRefundedToo) {
    bought("pm_card_createDispute");
    deliver("charge.dispute.created");
    deliver("charge.dispute.funds_withdrawn");
    ASSERT_EQ(disputes().size(), 1U);
    EXPECT_EQ(disputes()[0].status, DisputeStatus::NeedsResponse);
    EXPECT_EQ(disputes()[0].reason, "fraudulent");
    EXPECT_EQ(disputes()[0].amount, usd(9'900));
    EXPECT_EQ(disputes()[0].invoice, invoice().id);
    EXPECT_TRUE(disputes()[0].respond_by);
    EXPECT_TRUE(invoice().disputed);
    EXPECT_EQ(refusal(), "refund.disputed");
    EXPECT_THAT(told(), ElementsAre("dispute.created"));

    world.sandbox_post("/v1/disputes/" + disputes()[0].provider_dispute,
                       "evidence[uncategorized_text]=winning_evidence");
    deliver("charge.dispute.closed");
    deliver("charge.dispute.updated");
    EXPECT_EQ(disputes()[0].status, DisputeStatus::Won);
    EXPECT_FALSE(invoice().disputed);
    EXPECT_THAT(told(), ElementsAre("dispute.created", "dispute.closed"));
    EXPECT_TRUE(refund());
}

TEST_F(MoneyBack, LostToTheBankStaysThere) {
    bought("pm_card_createDispute");
    world.sandbox_post(
        "/v1/disputes/" +
            world.sandbox_get("/v1/disputes").at("data").at(0).at("id").get<std::string>(),
        "evidence[uncategorized_text]=losing_evidence");
    // First heard of when all is over.
    deliver("charge.dispute.closed");
    deliver("charge.dispute.created");
    EXPECT_EQ(disputes().at(0).status, DisputeStatus::Lost);
    EXPECT_TRUE(invoice().disputed);
    EXPECT_EQ(refusal(), "refund.disputed");
    EXPECT_THAT(told(), ElementsAre("dispute.created", "dispute.closed"));
}

// The bank only asks: its money is where it was.
TEST_F(MoneyBack, MayBeRefundedWhileTheBankAsks) {
    bought("pm_card_createDisputeInquiry");
    deliver("charge.dispute.created");
    EXPECT_EQ(disputes().at(0).status, DisputeStatus::Inquiry);
    EXPECT_FALSE(invoice().disputed);
    EXPECT_TRUE(refund());
}

// Of neither has an event arrived: reconciliation asks.
TEST_F(MoneyBack, NobodyToldOfIsFoundByReconciling) {
    bought("pm_card_createDispute");
    deliver("charge.dispute.created");
    world.sandbox_post("/v1/disputes/" + disputes().at(0).provider_dispute,
                       "evidence[uncategorized_text]=winning_evidence");
    world.sandbox_post("/v1/refunds", "payment_intent=" + payment() + "&amount=1500");
    const ReconcileOrder repair{.mode = ReconcileMode::Repair, .authority = tester};
    ASSERT_TRUE(world.run(reconcile(world.billing, repair)));
    EXPECT_EQ(disputes().at(0).status, DisputeStatus::Won);
    EXPECT_FALSE(invoice().disputed);
    EXPECT_EQ(invoice().refunded, usd(1'500));
    ASSERT_TRUE(world.run(reconcile(world.billing, repair)));
    EXPECT_EQ(refunds().size(), 1U);
    EXPECT_THAT(told(), ElementsAre("dispute.created", "refund.created", "dispute.closed"));
}

// Nobody told of it, and nothing of it was known.
TEST_F(MoneyBack, ADisputeWhoseEventsAreLostIsFoundByReconciling) {
    bought("pm_card_createDispute");
    const ReconcileOrder repair{.mode = ReconcileMode::Repair, .authority = tester};
    ASSERT_TRUE(world.run(reconcile(world.billing, repair)));
    ASSERT_EQ(disputes().size(), 1U);
    EXPECT_EQ(disputes()[0].status, DisputeStatus::NeedsResponse);
    EXPECT_TRUE(invoice().disputed);
}

// More than a page of newer ones, which the provider does not know, wait too.
TEST_F(MoneyBack, OnItsWayForLongIsStillAskedFor) {
    bought();
    const auto made = refund(1'000);
    ASSERT_TRUE(made);
    const Instant now = world.clock.now();
    ledger->write_blocking([&](sql::Transaction& tx) {
        tx.run("UPDATE refunds SET status = 'pending', created_at = 0");
        for (int n = 0; n < 101; ++n)
            keep_refund(tx,
                        {.id = world.ids.make<RefundId>(now),
                         .provider = "stripe",
                         .provider_refund = "re_gone" + std::to_string(n),
                         .payment = "pi_gone",
                         .amount = usd(100),
                         .status = RefundStatus::Pending,
                         .created_at = now},
                        1, now);
        return true;
    });
    const Instant later = now + std::chrono::hours(1);
    ASSERT_TRUE(world.run(catch_up_returns(world.billing, later, tester)));
    EXPECT_EQ(load(made->id).status, RefundStatus::Succeeded);
}

ProviderObjects one_of_two_unknown() {
    ProviderObjects objects;
    for (const auto& [id, status] :
         {std::pair("re_1", "on_the_moon"), std::pair("re_2", "succeeded")})
        objects.refunds[id] = {.id = id,
                               .payment = "pi_1",
                               .amount = usd(100),
                               .status = status,
                               .created = from_unix_seconds(0)};
    return objects;
}

// One is in a state that this version does not know; the other is taken in.
TEST_F(MoneyBack, ThatCannotBeReadHidesNoOther) {
    ToldProvider told;
    const auto objects = one_of_two_unknown();
    told.holds(objects);
    BillingContext billing{*ledger, *world.usage,  world.clock,    world.ids,
                           told,    world.catalog, world.standings};
    const auto caught_up = world.run(catch_up_returns(billing, from_unix_seconds(0), tester));
    ASSERT_TRUE(caught_up) << caught_up.error().message;
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].provider_refund, "re_2");
}

// The same of one payment, which an event tells of; the event is tried again.
TEST_F(MoneyBack, OfOnePaymentThatCannotBeReadHidesNoOther) {
    ToldProvider told;
    const auto objects = one_of_two_unknown();
    told.holds(objects);
    BillingContext billing{*ledger, *world.usage,  world.clock,    world.ids,
                           told,    world.catalog, world.standings};
    const auto synced = world.run(sync_refunds_of(billing, "pi_1", tester));
    ASSERT_FALSE(synced);
    EXPECT_EQ(synced.error().reason.text(), "refund.unknown_status");
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].provider_refund, "re_2");
}

/// A request with an Idempotency-Key, and its repetitions.
class KeyedMoneyBack : public MoneyBack {
protected:
    Result<Refund> ask(BillingWorld& at, std::int64_t amount) {
        if (!is_noted_) {
            is_noted_ = true;
            ledger->write_blocking([](sql::Transaction& tx) {
                tx.run(
                    "INSERT INTO idempotency_keys (id, scope, fingerprint, state, runner, "
                    "leased_until, created_at) VALUES ('idm_1', 's', 'f', 'running', 'r', 0, 0)");
                return true;
            });
        }
        const Authority keyed{"test", "", "idm_1"};
        return at.run(refund_invoice(at.billing, {.invoice = invoice().id,
                                                  .wish = {.amount = amount, .currency = {}},
                                                  .reason = {},
                                                  .authority = keyed}));
    }

private:
    bool is_noted_ = false;
};

// The refund is made; what it was paid with cannot be read just then.
TEST_F(KeyedMoneyBack, IsMadeThoughNothingCanBeReadAfterIt) {
    bought();
    WatchedLedger watched(*ledger, answered("refund:"), [this] {
        trouble(world, R"({"call": "GET *", "do": "rate_limit", "next": 1000})");
    });
    BillingWorld then(watched, world.key);
    const auto made = ask(then, 4'000);
    all_is_well(world);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->status, RefundStatus::Succeeded);
    EXPECT_EQ(made->invoice, invoice().id);
    EXPECT_EQ(made->customer, customer);
    EXPECT_EQ(invoice().refunded, usd(4'000));
    const auto repeated = ask(world, 4'000);
    ASSERT_TRUE(repeated) << repeated.error().message;
    EXPECT_EQ(repeated->id, made->id);
    EXPECT_EQ(refunded_there(), 4'000);
}

// Nothing has happened, so the money is free; the repetition is the same refund, not another one.
TEST_F(KeyedMoneyBack, GoesOnWithTheSameRefundWhenItIsRepeated) {
    bought();
    trouble(world, R"({"call": "POST /v1/refunds", "do": "rate_limit"})");
    const auto none = ask(world, 4'000);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::Unavailable);
    ASSERT_EQ(refunds().size(), 1U);
    EXPECT_EQ(refunds()[0].status, RefundStatus::Failed);
    EXPECT_EQ(invoice().refunded, usd(0));
    for (int repetition = 0; repetition < 2; ++repetition) {
        const auto made = ask(world, 4'000);
        ASSERT_TRUE(made) << made.error().message;
        EXPECT_EQ(made->status, RefundStatus::Succeeded);
    }
    EXPECT_EQ(refunds().size(), 1U);
    EXPECT_EQ(invoice().refunded, usd(4'000));
    EXPECT_EQ(refunded_there(), 4'000);
}

// 60.00 of 99.00 went back meanwhile: another 40.00 are not left.
TEST_F(KeyedMoneyBack, IsNotGoneOnWithWhenTheMoneyIsGone) {
    bought();
    trouble(world, R"({"call": "POST /v1/refunds", "do": "rate_limit"})");
    ASSERT_FALSE(ask(world, 4'000));
    ASSERT_TRUE(refund(6'000));
    const auto refused = ask(world, 4'000);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "refund.busy");
    EXPECT_EQ(invoice().refunded, usd(6'000));
    EXPECT_EQ(refunded_there(), 6'000);
}

// Whatever an answer says: what may have been made is not booked as failed.
TEST_F(KeyedMoneyBack, IsNotGivenUpWhileItMayHaveBeenMade) {
    bought();
    WatchedLedger watched(*ledger, answered("refund:"), [this] {
        ledger->write_blocking([](sql::Transaction& tx) {
            tx.run("UPDATE refunds SET provider_payment_id = 'pi_other'");
            return true;
        });
    });
    lose_answers();
    BillingWorld then(watched, world.key);
    ASSERT_FALSE(ask(then, 4'000));
    all_is_well(world);
    // Its content is another one now, which is refused for good.
    const auto open = ask(world, 4'000);
    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().code, ErrorCode::OutcomeUnknown);
    EXPECT_EQ(refunds().at(0).status, RefundStatus::Creating);
    EXPECT_EQ(invoice().refunded, usd(4'000));
}

// The refund fails, and its event is applied, before the answer to its POST.
TEST_F(KeyedMoneyBack, IsNotTurnedBackByAnOldAnswer) {
    bought("pm_card_refundFail");
    WatchedLedger watched(*ledger, answered("refund:"), [this] {
        deliver("refund.failed");
        trouble(world, R"({"call": "GET *", "do": "rate_limit", "next": 1000})");
    });
    BillingWorld then(watched, world.key);
    const auto made = ask(then, 4'000);
    all_is_well(world);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->status, RefundStatus::Failed);
    EXPECT_EQ(refunds().at(0).status, RefundStatus::Failed);
    EXPECT_EQ(invoice().refunded, usd(0));
}

class RefundPowerCuts : public ::testing::TestWithParam<DyingLedger::Moment> {};

// Whenever the process dies: what was promised goes back once, and what was not does not.
TEST_P(RefundPowerCuts, ARefundIsMadeOnceOrWasNeverPromised) {
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE("visit " + std::to_string(visit));
        ASSERT_LT(visit, 100) << "the flow never ends";
        const auto ledger = ledger_with_catalog();
        const auto key = fresh_account_key();
        BillingWorld before(*ledger, key);
        const auto customer = before.customer("alice");
        ASSERT_TRUE(
            before.run(start_subscription(before.billing, before.start_request(customer, "pro"))));
        const auto invoice = before.invoices(customer).at(0);

        DyingLedger dying(*ledger, visit, GetParam());
        BillingWorld doomed(dying, key);
        try {
            (void)doomed.run(refund_invoice(doomed.billing, {.invoice = invoice.id,
                                                             .wish = {.amount = 4'000},
                                                             .reason = {},
                                                             .authority = tester}));
        } catch (const std::exception&) {
            EXPECT_TRUE(dying.died());
        }
        recover(*ledger, key);
        const auto refunds = ledger->read_blocking(
            [](sql::Transaction& tx) { return list_refunds(tx, {}, {.limit = 10}); });
        const std::int64_t promised = refunds.empty() ? 0 : 4'000;
        EXPECT_LE(refunds.size(), 1U);
        for (const auto& refund : refunds) EXPECT_EQ(refund.status, RefundStatus::Succeeded);
        EXPECT_EQ(before.invoices(customer).at(0).refunded.minor(), promised);
        const Json charge = before.sandbox_get("/v1/charges?limit=1").at("data").at(0);
        EXPECT_EQ(charge.at("amount_refunded").get<std::int64_t>(), promised);
        if (!dying.died()) break;
    }
}
INSTANTIATE_TEST_SUITE_P(, RefundPowerCuts,
                         ::testing::Values(DyingLedger::Moment::BeforeCommit,
                                           DyingLedger::Moment::AfterCommit));

}  // namespace
}  // namespace turnpike
