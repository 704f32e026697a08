#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// https://docs.stripe.com/payments/sepa-debit/accept-a-payment, "Test your integration": these
// answer after three minutes.
constexpr const char* kPaysAfterMinutes = "AT321904300235473204";
constexpr const char* kFailsAfterMinutes = "AT051904300235473205";

/// A debit cannot be called back: what it pays must not be void when the bank says yes. Monthly
/// subscriptions for 15 euros from 1 April on.
class DebitUnderWayTest : public ::testing::Test {
protected:
    void choose(const std::string& iban) {
        const std::string method = account(iban);
        sandbox_.post("/v1/payment_methods/" + method + "/attach", "customer=" + customer_);
        sandbox_.post("/v1/customers/" + customer_,
                      "invoice_settings[default_payment_method]=" + method);
    }
    std::string account(const std::string& iban) {
        return text_of(sandbox_.post("/v1/payment_methods",
                                     "type=sepa_debit&billing_details[name]=Bob"
                                     "&billing_details[email]=b@example.com&sepa_debit[iban]=" +
                                         iban),
                       "id");
    }
    void subscribe(const std::string& more = "") {
        const Json made = sandbox_.post(
            "/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + monthly_ + more);
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        item_ = text_of(made["items"]["data"][0], "id");
        first_ = text_of(made, "latest_invoice");
    }
    /// An active one, whose next debits go to this account.
    void subscribe_paid(const std::string& iban) {
        choose(kPaysAfterMinutes);
        subscribe();
        wait(3min);
        ASSERT_EQ(invoice(first_)["status"], "paid");
        choose(iban);
    }
    /// More of it, once that is paid; the id of the invoice, whose debit is under way.
    std::string upgrade(int quantity) {
        const Json waiting = sandbox_.post(
            path_, "items[0][id]=" + item_ + "&items[0][quantity]=" + std::to_string(quantity) +
                       "&proration_behavior=always_invoice&payment_behavior=pending_if_incomplete");
        EXPECT_TRUE(waiting["pending_update"].is_object());
        EXPECT_NE(waiting["latest_invoice"], first_);
        return text_of(waiting, "latest_invoice");
    }
    /// Its first invoice waits to be paid by the client; a debit is attached to it.
    void attach_debit(const std::string& iban) {
        const std::string debit = text_of(
            sandbox_.post("/v1/payment_intents", "amount=1500&currency=eur&customer=" + customer_ +
                                                     "&payment_method_types[]=sepa_debit"),
            "id");
        sandbox_.post("/v1/invoices/" + first_ + "/attach_payment", "payment_intent=" + debit);
        sandbox_.post("/v1/payment_intents/" + debit + "/confirm",
                      "payment_method=" + account(iban));
    }
    Json subscription() { return sandbox_.get(path_); }
    Json invoice(const std::string& id) { return sandbox_.get("/v1/invoices/" + id); }
    std::int64_t quantity() { return integer_of(subscription()["items"]["data"][0], "quantity"); }
    void wait(Instant::duration time) { sandbox_.run_until(sandbox_.now() + time); }
    void expect_open_until_paid(const std::string& id) {
        EXPECT_EQ(invoice(id)["status"], "open");
        EXPECT_EQ(invoice(id)["auto_advance"], false);
        wait(3min);
        EXPECT_EQ(invoice(id)["status"], "paid");
    }

    const Instant period_end_ = *parse_rfc3339("2026-05-01T00:00:00Z");
    BillingSandbox sandbox_{*parse_rfc3339("2026-04-01T00:00:00Z")};
    std::string customer_ = sandbox_.customer(""), path_, item_, first_;
    std::string monthly_ =
        text_of(sandbox_.post(
                    "/v1/prices",
                    "currency=eur&unit_amount=1500&recurring[interval]=month&product_data[name]=P"),
                "id");
};

TEST_F(DebitUnderWayTest, OutlivesTheSubscriptionThatItWasToUpgrade) {
    subscribe_paid(kPaysAfterMinutes);
    const std::string waiting = upgrade(3);
    const Json ended = sandbox_.remove(path_);
    EXPECT_EQ(ended["status"], "canceled");
    EXPECT_EQ(ended["pending_update"], nullptr);
    EXPECT_EQ(ended["latest_invoice"], first_);
    expect_open_until_paid(waiting);
    EXPECT_EQ(quantity(), 1);
}

// What the bank refuses then is not tried again.
TEST_F(DebitUnderWayTest, RefusedAfterTheEndStaysSo) {
    subscribe_paid(kFailsAfterMinutes);
    const std::string waiting = upgrade(3);
    sandbox_.remove(path_);
    wait(3min);
    EXPECT_EQ(invoice(waiting)["status"], "open");
    EXPECT_EQ(invoice(waiting)["next_payment_attempt"], nullptr);
}

// 2 of April's 43,200 minutes of 1999 more at 15.00: 138.82 cents, more than the least charge.
TEST_F(DebitUnderWayTest, OutlivesAScheduledEnd) {
    subscribe_paid(kPaysAfterMinutes);
    sandbox_.post(path_, "cancel_at_period_end=true");
    sandbox_.run_until(period_end_ - 2min);
    const std::string waiting = upgrade(2000);
    sandbox_.run_until(period_end_);
    EXPECT_EQ(subscription()["status"], "canceled");
    EXPECT_EQ(subscription()["pending_update"], nullptr);
    expect_open_until_paid(waiting);
}

TEST_F(DebitUnderWayTest, IsWaitedForByTheNextChange) {
    subscribe_paid(kPaysAfterMinutes);
    upgrade(3);
    const std::string item = "/v1/subscription_items/" + item_;
    const std::string other = "items[0][id]=" + item_ + "&items[0][quantity]=2";
    EXPECT_THAT(sandbox_.refused(path_, other).message, HasSubstr("processed by the bank"));
    EXPECT_THAT(sandbox_.refused(item, "quantity=2").message, HasSubstr("processed by the bank"));
    sandbox_.post(path_, "metadata[k]=v");
    wait(3min);
    EXPECT_EQ(quantity(), 3);
    EXPECT_EQ(sandbox_.post(item, "quantity=2")["quantity"], 2);
}

// The period is over a minute before the bank answers; the next one is billed as it then is.
TEST_F(DebitUnderWayTest, IsWaitedForByTheEndOfThePeriod) {
    subscribe_paid(kPaysAfterMinutes);
    sandbox_.run_until(period_end_ - 2min);
    const std::string waiting = upgrade(2000);
    sandbox_.run_until(period_end_ + 2min);
    EXPECT_EQ(invoice(waiting)["status"], "paid");
    EXPECT_EQ(quantity(), 2000);
    EXPECT_EQ(subscription()["pending_update"], nullptr);
    const Json renewal = invoice(text_of(subscription(), "latest_invoice"));
    EXPECT_EQ(renewal["billing_reason"], "subscription_cycle");
    EXPECT_EQ(renewal["total"], 2000 * 1500);
}

TEST_F(DebitUnderWayTest, RefusedAfterThePeriodEndsTheUpdate) {
    subscribe_paid(kFailsAfterMinutes);
    sandbox_.run_until(period_end_ - 2min);
    const std::string waiting = upgrade(2000);
    sandbox_.run_until(period_end_ + 2min);
    EXPECT_EQ(invoice(waiting)["status"], "void");
    EXPECT_EQ(subscription()["pending_update"], nullptr);
    EXPECT_EQ(invoice(text_of(subscription(), "latest_invoice"))["total"], 1500);
}

TEST_F(DebitUnderWayTest, OutlivesAnIncompleteSubscription) {
    subscribe("&payment_behavior=default_incomplete");
    attach_debit(kPaysAfterMinutes);
    EXPECT_EQ(sandbox_.remove(path_)["status"], "incomplete_expired");
    expect_open_until_paid(first_);
    EXPECT_EQ(subscription()["status"], "incomplete_expired");
}

TEST_F(DebitUnderWayTest, IsWaitedForByAnIncompleteSubscription) {
    subscribe("&payment_behavior=default_incomplete");
    wait(22h + 58min);
    attach_debit(kPaysAfterMinutes);
    wait(2min);
    EXPECT_EQ(subscription()["status"], "incomplete");
    wait(2min);
    EXPECT_EQ(invoice(first_)["status"], "paid");
    EXPECT_EQ(subscription()["status"], "active");
}

}  // namespace
}  // namespace turnpike::twin
