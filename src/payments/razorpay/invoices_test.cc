#include "json/value.h"
#include "payments/razorpay/drafts.h"
#include "payments/razorpay/testing.h"

namespace turnpike::razorpay {
namespace {

class RazorpayInvoices : public ProviderTest {
protected:
    ProviderInvoice draft(const std::string& who, const std::string& obligation = "invoice:1") {
        return must(run(provider->create_invoice({.obligation = obligation,
                                                  .customer = who,
                                                  .currency = Currency::Inr,
                                                  .metadata = {{"turnpike_subscription", "s"}}})));
    }
    NewInvoiceItem item(const std::string& invoice, const std::string& obligation,
                        std::int64_t paise = 12'345) {
        return {.obligation = obligation,
                .customer = "cust_1",
                .invoice = invoice,
                .amount = Money(paise, Currency::Inr),
                .description = "API calls: 61,700 over 10,000",
                .period = {from_unix_seconds(1'800'000'000), from_unix_seconds(1'802'000'000)},
                .metadata = {{"turnpike_overage", "ovc_" + obligation}}};
    }
    Result<std::string> add(const NewInvoiceItem& request) {
        return run(provider->add_invoice_item(request));
    }
};

TEST_F(RazorpayInvoices, AreGatheredHereAndGoOutWhole) {
    const auto who = customer();
    const auto opened = draft(who);
    EXPECT_EQ(opened.status, "draft");
    EXPECT_EQ(draft(who).id, opened.id);
    const auto first = must(add(item(opened.id, "a")));
    EXPECT_EQ(must(add(item(opened.id, "a"))), first) << "once";
    EXPECT_EQ(reason_of(add(item(opened.id, "a", 200))), "payment.obligation_changed");
    ASSERT_TRUE(add(item(opened.id, "b", 655)));
    const auto third = must(add(item(opened.id, "c", 100)));
    ASSERT_TRUE(run(provider->remove_invoice_item("remove", third)));
    ASSERT_TRUE(run(provider->remove_invoice_item("remove again", third)));
    EXPECT_EQ(count("invoices"), 0U) << "nothing has left yet";

    const auto gathered = must(run(provider->get_invoice(opened.id)));
    EXPECT_EQ(gathered.total, Money(13'000, Currency::Inr));  // 123.45 + 6.55
    EXPECT_EQ(gathered.customer, who);

    const auto issued = must(run(provider->finalize_invoice("finalize", opened.id)));
    EXPECT_EQ(issued.status, "open");
    EXPECT_EQ(issued.total, Money(13'000, Currency::Inr));
    EXPECT_EQ(issued.amount_due, issued.total);
    EXPECT_EQ(issued.customer, who);
    EXPECT_TRUE(issued.id.starts_with("inv_"));
    EXPECT_EQ(issued.metadata.at("turnpike_subscription"), "s");
    EXPECT_EQ(issued.hosted_url, twin->url() + "/p/invoice/" + issued.id);
    ASSERT_EQ(issued.lines.size(), 2U);
    EXPECT_EQ(issued.lines[0].amount, Money(12'345, Currency::Inr));
    EXPECT_EQ(issued.lines[0].metadata.at("turnpike_overage"), "ovc_a");
    EXPECT_EQ(issued.lines[0].period.start, from_unix_seconds(1'800'000'000));
    EXPECT_FALSE(issued.lines[0].from_subscription);

    EXPECT_EQ(must(run(provider->finalize_invoice("finalize", opened.id))).id, issued.id);
    EXPECT_EQ(must(run(provider->finalize_invoice("again", opened.id))).id, issued.id);
    EXPECT_EQ(must(run(provider->get_invoice(opened.id))).id, issued.id);
    EXPECT_EQ(draft(who).id, issued.id);
    EXPECT_EQ(count("invoices"), 1U);
}

TEST_F(RazorpayInvoices, NothingSlipsBehindTheEnd) {
    const auto opened = draft(customer());
    EXPECT_EQ(reason_of(run(provider->finalize_invoice("empty", opened.id))), "payment.refused");
    const auto line = must(add(item(opened.id, "a")));
    ASSERT_TRUE(run(provider->finalize_invoice("finalize", opened.id)));
    EXPECT_EQ(reason_of(add(item(opened.id, "late"))), "payment.refused");
    EXPECT_EQ(must(add(item(opened.id, "a"))), line) << "it was there before the end";
    EXPECT_EQ(reason_of(run(provider->remove_invoice_item("r", line))), "payment.refused");
}

TEST_F(RazorpayInvoices, RefusesLinesThatRazorpayWouldNotBill) {
    const auto opened = draft(customer());
    for (const std::int64_t paise : {std::int64_t{99}, std::int64_t{0}, std::int64_t{-12'345}})
        EXPECT_EQ(reason_of(add(item(opened.id, "x", paise))), "razorpay.line_too_small");
    auto dollars = item(opened.id, "usd");
    dollars.amount = Money(100, Currency::Usd);
    EXPECT_EQ(reason_of(add(dollars)), "payment.refused");
    auto fils = item(opened.id, "kwd");
    fils.amount = Money(1'001, Currency::Kwd);
    EXPECT_EQ(reason_of(add(fils)), "payment.amount_not_chargeable");
    EXPECT_EQ(reason_of(add(item("inv_00000000000000", "theirs"))), "payment.refused");
    EXPECT_EQ(reason_of(add(item(draft_id("nobody's"), "none"))), "payment.refused");
    EXPECT_EQ(reason_of(run(provider->finalize_invoice("f", draft_id("nobody's")))),
              "payment.refused");
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(add(item(opened.id, std::to_string(i))));
    EXPECT_EQ(reason_of(add(item(opened.id, "51st"))), "payment.refused");
}

TEST_F(RazorpayInvoices, ALostAnswerMakesNoSecondInvoice) {
    const auto opened = draft(customer());
    must(add(item(opened.id, "a")));
    order("POST /v1/invoices", "timeout_after_commit");
    const auto issued = must(run(provider->finalize_invoice("finalize", opened.id)));
    EXPECT_EQ(issued.status, "open");
    EXPECT_EQ(count("invoices"), 1U);
}

TEST_F(RazorpayInvoices, AnAmountWithoutADraftWaitsForTheNextBill) {
    const auto subscription = active();
    auto extra = item("", "extra", 1'000);
    extra.invoice = std::nullopt;
    extra.customer = subscription.customer;
    order("POST /v1/subscriptions/*/addons", "error_after_commit");
    const auto addon = must(add(extra));
    EXPECT_EQ(must(add(extra)), addon);
    EXPECT_EQ(count("addons"), 1U);
    auto unwanted = item("", "unwanted", 2'000);
    unwanted.invoice = std::nullopt;
    unwanted.customer = subscription.customer;
    const auto mistake = must(add(unwanted));
    order("DELETE /v1/addons/*", "timeout_after_commit");
    ASSERT_TRUE(run(provider->remove_invoice_item("remove", mistake)));
    EXPECT_EQ(count("addons"), 1U);

    pass(28 * kDay);
    const auto bills = must(run(provider->list_invoices(subscription.customer, std::nullopt)));
    ASSERT_EQ(bills.items.size(), 2U);
    EXPECT_EQ(bills.items[0].total, Money(51'000, Currency::Inr));
    EXPECT_EQ(bills.items[0].status, "paid");
    EXPECT_EQ(bills.items[0].billing_reason, "subscription_cycle");
    ASSERT_EQ(bills.items[0].lines.size(), 2U);
    EXPECT_TRUE(bills.items[0].lines[0].from_subscription);
    EXPECT_FALSE(bills.items[0].lines[1].from_subscription);
    EXPECT_EQ(reason_of(run(provider->remove_invoice_item("late", addon))), "payment.refused");

    extra.customer = customer("nobody");
    extra.obligation = "extra:2";
    EXPECT_EQ(reason_of(add(extra)), "razorpay.no_pending_items");
}

/// One that ends with its cycle has no next bill, though Razorpay calls it active until then.
TEST_F(RazorpayInvoices, NothingWaitsForABillThatWillNotCome) {
    const auto subscription = active();
    ASSERT_TRUE(run(provider->cancel_subscription({.obligation = "cancel",
                                                   .subscription = subscription.id,
                                                   .when = CancelWhen::AtPeriodEnd})));
    auto extra = item("", "extra", 1'000);
    extra.invoice = std::nullopt;
    extra.customer = subscription.customer;
    EXPECT_EQ(reason_of(add(extra)), "razorpay.no_pending_items");
    EXPECT_EQ(count("addons"), 0U);

    const auto other = must(run(provider->start_subscription(
        wanted(subscription.customer, subscription.price, "start:2"))));
    authorise(other.id);
    must(add(extra));
    EXPECT_EQ(get("/v1/addons").at("items").at(0).at("subscription_id"), other.id);
}

TEST_F(RazorpayInvoices, ADraftMadeByHandIsIssued) {
    const auto made =
        post("/v1/invoices", Json{{"customer_id", customer()},
                                  {"draft", "1"},
                                  {"line_items", {{{"name", "x"}, {"amount", 500}}}}});
    const auto id = made.at("id").get<std::string>();
    EXPECT_EQ(must(run(provider->get_invoice(id))).status, "draft");
    order("POST /v1/invoices/*/issue", "truncate");
    EXPECT_EQ(must(run(provider->finalize_invoice("f", id))).status, "open");
    EXPECT_EQ(must(run(provider->finalize_invoice("somebody else", id))).status, "open");
    const auto invoice = must(run(provider->get_invoice(id)));
    EXPECT_EQ(invoice.customer, made.at("customer_id").get<std::string>());
    EXPECT_FALSE(invoice.subscription);
}

}  // namespace
}  // namespace turnpike::razorpay
