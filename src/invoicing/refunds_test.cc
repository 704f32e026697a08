#include "invoicing/refunds.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "customers/service.h"
#include "invoicing/service.h"
#include "invoicing/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using std::chrono::seconds;
const Instant kNow = from_unix_seconds(1'700'000'000);
Money usd(std::int64_t cents) { return {cents, Currency::Usd}; }

/// One customer with one invoice of $99.00, paid.
class Refunds : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        CustomerDraft draft;
        draft.external_id = "acme";
        customer_ = db().write_blocking([&](sql::Transaction& tx) {
            return create_customer(tx, draft, {"test", ""}, kNow, ids_)->id;
        });
        invoice_ = mirrored();
    }
    InvoiceId mirrored() {
        const auto made = paid_invoice(ids_, *customer_, usd(9'900), kNow);
        return db().write_blocking([&](sql::Transaction& tx) {
            return mirror_invoice(tx, made, ++ticket_, kNow).value();
        });
    }
    /// One that is asked for.
    Refund wished(std::int64_t cents) {
        return {.id = ids_.make<RefundId>(kNow),
                .provider = "stripe",
                .customer = customer_,
                .invoice = invoice_,
                .amount = usd(cents),
                .created_at = kNow};
    }
    /// One that the provider tells of.
    Refund told(const std::string& id, std::int64_t cents, RefundStatus status) {
        auto refund = wished(cents);
        refund.provider_refund = id;
        refund.payment = "pi_1";
        refund.status = status;
        return refund;
    }
    Dispute dispute(DisputeStatus status) {
        return {.id = ids_.make<DisputeId>(kNow),
                .provider = "stripe",
                .provider_dispute = "du_1",
                .payment = "pi_1",
                .customer = customer_,
                .invoice = invoice_,
                .amount = usd(9'900),
                .status = status,
                .reason = "fraudulent",
                .created_at = kNow};
    }
    bool reserve(const Refund& refund) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return reserve_refund(tx, refund); });
    }
    std::optional<Refund> keep(const Refund& refund, std::int64_t ticket) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return keep_refund(tx, refund, ticket, kNow); });
    }
    std::optional<Dispute> keep(const Dispute& dispute, std::int64_t ticket) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return keep_dispute(tx, dispute, ticket, kNow); });
    }
    Invoice invoice() {
        return db()
            .read_blocking([&](sql::Transaction& tx) { return load_invoice(tx, *invoice_); })
            .value();
    }
    std::vector<Refund> listed(const RefundFilter& filter, int limit = 25) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return list_refunds(tx, filter, PageQuery{.limit = limit});
        });
    }

    SeededIdSource ids_{7};
    std::optional<CustomerId> customer_;
    std::optional<InvoiceId> invoice_;
    std::int64_t ticket_ = 0;
};
INSTANTIATE_TEST_SUITE_P(, Refunds, sql::both_engines(), sql::engine_name);

TEST_P(Refunds, NeverTakeMoreThanWasPaid) {
    EXPECT_TRUE(reserve(wished(6'000)));
    EXPECT_EQ(invoice().refunded, usd(6'000));
    EXPECT_FALSE(reserve(wished(3'901)));
    EXPECT_EQ(invoice().refunded, usd(6'000));
    EXPECT_TRUE(reserve(wished(3'900)));
    EXPECT_FALSE(reserve(wished(1)));
    EXPECT_EQ(listed({}).size(), 2U);
}

// 20 ask for $15.00 of $99.00 at once: 6 x 15 = 90 fit, a seventh does not.
TEST_P(Refunds, AskedForAtOnceShareWhatThereIs) {
    std::vector<Refund> wishes;
    for (int i = 0; i < 20; ++i) wishes.push_back(wished(1'500));
    std::atomic<int> taken = 0;
    std::vector<std::jthread> askers;
    askers.reserve(wishes.size());
    for (const auto& wish : wishes)
        askers.emplace_back([this, &wish, &taken] {
            if (reserve(wish)) ++taken;
        });
    askers.clear();
    EXPECT_EQ(taken, 6);
    EXPECT_EQ(invoice().refunded, usd(9'000));
}

TEST_P(Refunds, ThatCameToNothingLeaveTheirMoney) {
    const auto wish = wished(9'900);
    ASSERT_TRUE(reserve(wish));
    const auto abandon = [&] {
        return db().write_blocking([&](sql::Transaction& tx) {
            return abandon_refund(tx, wish.id, "payment.refused", kNow);
        });
    };
    const auto left = abandon();
    ASSERT_TRUE(left);
    EXPECT_EQ(left->status, RefundStatus::Failed);
    EXPECT_EQ(left->failure_reason, "payment.refused");
    EXPECT_FALSE(left->provider_refund);
    EXPECT_EQ(invoice().refunded, usd(0));
    EXPECT_FALSE(abandon());
}

TEST_P(Refunds, ConfirmedAreNotAbandoned) {
    auto wish = wished(4'000);
    ASSERT_TRUE(reserve(wish));
    wish.provider_refund = "re_1";
    wish.payment = "pi_1";
    wish.status = RefundStatus::Succeeded;
    ASSERT_TRUE(keep(wish, ++ticket_));
    const auto abandoned = db().write_blocking(
        [&](sql::Transaction& tx) { return abandon_refund(tx, wish.id, "payment.refused", kNow); });
    EXPECT_FALSE(abandoned);
    EXPECT_EQ(invoice().refunded, usd(4'000));
    const auto found = db().read_blocking(
        [](sql::Transaction& tx) { return find_refund_of_provider(tx, "stripe", "re_1"); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, wish.id);
}

// What was asked for later is newer, whatever arrives first.
TEST_P(Refunds, KeepTheNewestState) {
    auto refund = told("re_1", 9'900, RefundStatus::Pending);
    ASSERT_TRUE(keep(refund, 10));
    EXPECT_EQ(invoice().refunded, usd(9'900));
    refund.status = RefundStatus::Failed;
    refund.failure_reason = "expired_or_canceled_card";
    ASSERT_TRUE(keep(refund, 12));
    EXPECT_EQ(invoice().refunded, usd(0));
    refund.status = RefundStatus::Pending;
    EXPECT_FALSE(keep(refund, 11));
    EXPECT_FALSE(keep(refund, 12));
    EXPECT_EQ(listed({}).at(0).status, RefundStatus::Failed);
    EXPECT_EQ(invoice().refunded, usd(0));
}

// Two events of one refund that somebody has made at the provider are applied at once.
TEST_P(Refunds, ToldOfManyTimesAtOnceAreOneRow) {
    std::vector<Refund> tellings;
    for (int i = 0; i < 8; ++i) tellings.push_back(told("re_1", 1'500, RefundStatus::Succeeded));
    {
        std::vector<std::jthread> tellers;
        for (const auto& one : tellings)
            tellers.emplace_back([this, &one, ticket = ++ticket_] { keep(one, ticket); });
    }
    EXPECT_EQ(listed({}).size(), 1U);
    EXPECT_EQ(invoice().refunded, usd(1'500));
}

TEST_P(Refunds, OfUnknownPayersAreKeptWithoutThem) {
    auto refund = told("re_9", 500, RefundStatus::Succeeded);
    refund.customer.reset();
    refund.invoice.reset();
    ASSERT_TRUE(keep(refund, ++ticket_));
    EXPECT_EQ(listed({.unassigned = true}).size(), 1U);
    EXPECT_EQ(listed({.customers = std::vector{*customer_}}).size(), 0U);
    // The invoice is known later: it says whose it was, and what is not said again stays.
    refund.customer = customer_;
    refund.invoice = invoice_;
    ASSERT_TRUE(keep(refund, ++ticket_));
    refund.invoice.reset();
    const auto kept = keep(refund, ++ticket_);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->invoice, invoice_);
    EXPECT_EQ(invoice().refunded, usd(500));
}

TEST_P(Refunds, AreNotMadeOfDisputedMoney) {
    ASSERT_TRUE(keep(dispute(DisputeStatus::Inquiry), ++ticket_));
    EXPECT_FALSE(invoice().disputed);
    ASSERT_TRUE(keep(dispute(DisputeStatus::NeedsResponse), ++ticket_));
    EXPECT_TRUE(invoice().disputed);
    EXPECT_FALSE(reserve(wished(1)));
    ASSERT_TRUE(keep(dispute(DisputeStatus::Won), ++ticket_));
    EXPECT_FALSE(invoice().disputed);
    EXPECT_TRUE(reserve(wished(1)));
    ASSERT_TRUE(keep(dispute(DisputeStatus::Lost), ++ticket_));
    EXPECT_TRUE(invoice().disputed);
}

TEST_P(Refunds, AreListedByWhatTheyAre) {
    ASSERT_TRUE(keep(told("re_1", 100, RefundStatus::Succeeded), ++ticket_));
    ASSERT_TRUE(keep(told("re_2", 200, RefundStatus::Pending), ++ticket_));
    ASSERT_TRUE(reserve(wished(300)));
    EXPECT_EQ(listed({.customers = std::vector{*customer_}}).size(), 3U);
    EXPECT_EQ(listed({.invoice = invoice_, .status = "pending"}).size(), 1U);
    EXPECT_EQ(listed({.provider = "razorpay"}).size(), 0U);
    EXPECT_EQ(listed({.currency = Currency::Inr}).size(), 0U);
    EXPECT_EQ(listed({}, 2).size(), 3U);  // one more than the page holds
    const auto waiting = [&](Instant until) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return refunds_creating(tx, "stripe", until, 10).size(); });
    };
    EXPECT_EQ(waiting(kNow), 0U);
    EXPECT_EQ(waiting(kNow + seconds(1)), 1U);
}

TEST_P(Refunds, StayWithAnInvoiceThatIsMirroredAgain) {
    ASSERT_TRUE(reserve(wished(4'000)));
    mirrored();
    EXPECT_EQ(invoice().refunded, usd(4'000));
}

}  // namespace
}  // namespace turnpike
