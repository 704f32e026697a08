#include "billing/overage/period_charges.h"

#include <algorithm>
#include <string>

#include "billing/life/sync.h"
#include "billing/records/stored_close.h"
#include "billing/testing/testing.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;
using Kind = PeriodCharge::Kind;
using State = PeriodBilling::State;

// PRO: 10,000 calls for $99.00 a month, then $0.02 each.
class PeriodCharges : public BillingTest {
protected:
    PeriodBilling billing_of(const Subscription& subscription, Instant start,
                             const std::string& meter_key = "api_calls") {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            return load_period_billing(tx, {subscription.id, meter_key, start});
        });
    }
    /// The mirrored invoice has a line that bills the charge, of its amount.
    void expect_on_its_invoice(const CustomerId& customer, const PeriodCharge& charge) {
        ASSERT_TRUE(charge.on && charge.on->invoice && charge.on->line);
        const auto invoices = world.invoices(customer);
        const auto invoice = std::ranges::find(invoices, *charge.on->invoice, &Invoice::id);
        ASSERT_NE(invoice, invoices.end());
        EXPECT_EQ(charge.on->provider_invoice_id, invoice->provider_invoice_id);
        EXPECT_EQ(charge.on->number, invoice->number);
        EXPECT_EQ(charge.on->status, std::string(to_text(invoice->status)));
        const auto line = std::ranges::find(invoice->lines, *charge.on->line, &InvoiceLine::id);
        ASSERT_NE(line, invoice->lines.end());
        EXPECT_EQ(line->kind, LineKind::Overage);
        EXPECT_EQ(line->overage_charge, charge.id);
        EXPECT_EQ(line->amount, charge.amount);
    }
    Instant january = from_unix_seconds(1'767'225'600);  // 2026-01-01
};

TEST_F(PeriodCharges, AreThoseOfTheOwnCloseAndOfLaterOnesWithTheirInvoices) {
    const auto customer = on_clock("followed", january);
    const auto subscription = started(customer, "pro");
    world.use(customer, 10'100, "january");
    const auto running = billing_of(subscription, january);
    EXPECT_EQ(running.state, State::Open);
    EXPECT_TRUE(running.charges.empty());

    advance(january + days(31) + hours(2));
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    auto closed = billing_of(subscription, january);
    EXPECT_EQ(closed.state, State::Closed);
    ASSERT_EQ(closed.charges.size(), 1U);
    EXPECT_EQ(closed.charges[0].kind, Kind::Overage);
    EXPECT_EQ(closed.charges[0].quantity, Quantity::whole(100));
    EXPECT_EQ(closed.charges[0].unit_price, *UnitPrice::parse("0.02"));
    EXPECT_EQ(closed.charges[0].amount, Money(200, Currency::Usd));
    expect_on_its_invoice(customer, closed.charges[0]);

    // 50 late ones of January are $1.00.
    world.send(customer, 50, "late", january + days(20));
    advance(january + days(59) + hours(2));
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    closed = billing_of(subscription, january);
    ASSERT_EQ(closed.charges.size(), 2U);
    EXPECT_EQ(closed.charges[0].kind, Kind::Overage);
    EXPECT_EQ(closed.charges[1].kind, Kind::Adjustment);
    EXPECT_EQ(closed.charges[1].quantity, Quantity::whole(50));
    EXPECT_EQ(closed.charges[1].amount, Money(100, Currency::Usd));
    for (const PeriodCharge& charge : closed.charges) expect_on_its_invoice(customer, charge);
    EXPECT_NE(closed.charges[0].on->invoice, closed.charges[1].on->invoice);

    EXPECT_TRUE(billing_of(subscription, january, "other_meter").charges.empty());
    const auto february = billing_of(subscription, january + days(31));
    EXPECT_EQ(february.state, State::Closed);
    EXPECT_TRUE(february.charges.empty());
}

TEST_F(PeriodCharges, APeriodWhoseCloseHasNotRunIsClosing) {
    const auto customer = on_clock("closing", january);
    const auto subscription = started(customer, "pro");
    ledger->write_blocking([&](sql::Transaction& tx) {
        return queue_period_close(tx, subscription.id, {january, january + days(31)}, january);
    });
    EXPECT_EQ(billing_of(subscription, january).state, State::Closing);
    EXPECT_EQ(billing_of(subscription, january + days(31)).state, State::Open);
}

// A draft that was finalized while its lines were to be taken off it: the close knows no invoice.
TEST_F(PeriodCharges, ALineThatItsCloseHasForgottenIsFoundByItself) {
    const auto customer = on_clock("forgotten", january);
    const auto subscription = started(customer, "pro");
    world.use(customer, 10'100, "january");
    advance(january + days(31) + hours(2));
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    ledger->write_blocking([&](sql::Transaction& tx) {
        return tx.run(
            "UPDATE period_closes SET placement = 'own_invoice', provider_invoice_id = ''");
    });
    const auto closed = billing_of(subscription, january);
    ASSERT_EQ(closed.charges.size(), 1U);
    expect_on_its_invoice(customer, closed.charges[0]);
}

}  // namespace
}  // namespace turnpike
