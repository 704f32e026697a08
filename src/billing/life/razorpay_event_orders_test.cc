// Razorpay's webhooks come in any order, more than once, or not at all. Whatever came, the ledger
// ends in the rows that Razorpay has at the end, at the latest when it is reconciled.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "billing/life/reconcile.h"
#include "billing/life/sync.h"
#include "billing/testing/testing.h"
#include "billing/testing/told_provider.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "json/value.h"
#include "metering/sql/sql_usage.h"

namespace turnpike {
namespace {

constexpr std::string_view kRazorpay = "razorpay";
constexpr std::int64_t kBought = 1'799'562'600;                   // 2027-01-10T06:30:00Z
constexpr std::int64_t kTurned = kBought + 30 * 86'400 + 43'200;  // 2027-02-09T18:30:00Z
constexpr std::int64_t kTurnedAgain = kTurned + 28 * 86'400;

/// What an event says, and what Razorpay has when it says so.
struct Told {
    const char* event;
    const char* invoice;  ///< of the payment in it; "": none
    void (*happen)(ProviderObjects&, const std::string& name);
};

ProviderSubscription waiting(const std::string& name) {
    return {.id = "sub" + name,
            .customer = "cust" + name,
            .item = "sub" + name,
            .price = "plan_pro",
            .status = "incomplete",
            .period = {from_unix_seconds(kBought), from_unix_seconds(kBought)},
            .cancel_at = {},
            .canceled_at = {},
            .ended_at = {},
            .started_at = from_unix_seconds(kBought),
            .latest_invoice = {},
            .metadata = {}};
}

ProviderInvoice paid_invoice(const std::string& which, const std::string& name, std::int64_t start,
                             std::int64_t end) {
    ProviderInvoice invoice;
    invoice.id = which + name;
    invoice.customer = "cust" + name;
    invoice.subscription = "sub" + name;
    invoice.status = "paid";
    invoice.billing_reason = "subscription_cycle";
    invoice.subtotal = invoice.total = invoice.amount_due = invoice.amount_paid =
        Money(9'900, Currency::Usd);
    invoice.period = {from_unix_seconds(start), from_unix_seconds(end)};
    invoice.created = from_unix_seconds(start);
    return invoice;
}

void hold_invoice(ProviderObjects& objects, const ProviderInvoice& invoice) {
    objects.invoices.insert_or_assign(invoice.id, invoice);
}

// A customer authorises, is charged twice, and is gone.
const std::array<Told, 6> kStory = {{
    {"subscription.authenticated", "",
     [](ProviderObjects& o, const std::string& name) {
         o.subscription = waiting(name);
         o.subscription->status = "trialing";
     }},
    {"subscription.activated", "",
     [](ProviderObjects& o, const std::string&) {
         o.subscription->status = "active";
         o.subscription->period = {from_unix_seconds(kBought), from_unix_seconds(kTurned)};
     }},
    {"payment.captured", "inv_a",
     [](ProviderObjects& o, const std::string& name) {
         hold_invoice(o, paid_invoice("inv_a", name, kBought, kTurned));
     }},
    {"subscription.pending", "inv_b",
     [](ProviderObjects& o, const std::string& name) {
         auto invoice = paid_invoice("inv_b", name, kTurned, kTurnedAgain);
         invoice.status = "open";
         invoice.amount_paid = Money(0, Currency::Usd);
         hold_invoice(o, invoice);
         o.subscription->status = "past_due";
         o.subscription->period = {from_unix_seconds(kTurned), from_unix_seconds(kTurnedAgain)};
     }},
    {"subscription.charged", "inv_b",
     [](ProviderObjects& o, const std::string& name) {
         hold_invoice(o, paid_invoice("inv_b", name, kTurned, kTurnedAgain));
         o.subscription->status = "active";
     }},
    {"subscription.cancelled", "inv_b",
     [](ProviderObjects& o, const std::string&) {
         o.subscription->status = "canceled";
         o.subscription->canceled_at = from_unix_seconds(kTurned + 3'600);
         o.subscription->ended_at = o.subscription->canceled_at;
     }},
}};

constexpr std::string_view kEnd =
    "subscription pro razorpay canceled 1802197800..1804617000 ended 1802201400\n"
    "invoice inv_a paid 9900\ninvoice inv_b paid 9900\n";

/// A ledger where Razorpay is told of.
class RazorpayLedger {
public:
    RazorpayLedger() {
        catalog_.reload(*ledger_);
        ledger_->write_blocking([&](sql::Transaction& tx) {
            return link_provider_price(tx,
                                       {.price = catalog_.get()->plan("pro")->prices.front().id,
                                        .provider = kRazorpay,
                                        .provider_price = "plan_pro"},
                                       clock_.now());
        });
    }

    CustomerId customer(const std::string& name) {
        return ledger_->write_blocking([&](sql::Transaction& tx) {
            CustomerDraft draft;
            draft.external_id = "c" + name;
            const auto made = create_customer(tx, draft, tester, clock_.now(), ids_).value();
            link_provider_customer(tx, made.id, kRazorpay, "cust" + name);
            return made.id;
        });
    }
    /// A start of ours that waits for the customer.
    void start(const std::string& name) {
        ProviderObjects objects{.subscription = waiting(name)};
        hear(objects, {"subscription.updated", "", nullptr}, name);
    }
    void hear(const ProviderObjects& objects, const Told& told, const std::string& name) {
        provider_.holds(objects);
        Json payload = Json::object();
        const std::string event = told.event;
        if (event.starts_with("subscription."))
            payload["subscription"] = {{"entity", {{"id", "sub" + name}}}};
        if (*told.invoice != '\0')
            payload["payment"] = {{"entity", {{"invoice_id", told.invoice + name}}}};
        const Json body{{"entity", "event"}, {"event", event}, {"payload", payload}};
        const auto applied = run_to_end(apply_event(billing_, {event, to_text(body)}, tester));
        ASSERT_TRUE(applied) << event << ": " << applied.error().message;
    }
    void look(const ProviderObjects& objects) {
        provider_.holds(objects);
        const auto report =
            run_to_end(reconcile(billing_, {.mode = ReconcileMode::Repair, .authority = tester}));
        ASSERT_TRUE(report) << report.error().message;
    }
    /// All that it knows of a customer, but when it heard of it.
    std::string rows_of(const CustomerId& customer, const std::string& name) {
        return ledger_->read_blocking([&](sql::Transaction& tx) {
            std::string text;
            for (const auto& row : tx.all(R"sql(
                     SELECT p.key, s.provider, s.status, s.period_start, s.period_end, s.ended_at,
                            s.id
                       FROM subscriptions s JOIN plan_versions v ON v.id = s.plan_version_id
                       JOIN plans p ON p.id = v.plan_id
                      WHERE s.customer_id = $1)sql",
                                          {customer})) {
                text += fmt::format("subscription {} {} {} {}..{} ended {}\n", row.text(0),
                                    row.text(1), row.text(2), unix_seconds(row.instant(3)),
                                    unix_seconds(row.instant(4)),
                                    row.is_null(5) ? 0 : unix_seconds(row.instant(5)));
            }
            for (const auto& row : tx.all(R"sql(
                     SELECT provider_invoice_id, status, amount_paid_minor FROM invoices
                      WHERE customer_id = $1 ORDER BY provider_invoice_id)sql",
                                          {customer})) {
                const auto id = row.text(0);
                text += fmt::format("invoice {} {} {}\n", id.substr(0, id.size() - name.size()),
                                    row.text(1), row.integer(2));
            }
            return text;
        });
    }

private:
    std::unique_ptr<sql::Database> ledger_ = ledger_with_catalog();
    SystemClock clock_;
    RandomIdSource ids_;
    ToldProvider provider_{kRazorpay};
    CatalogCache catalog_;
    StandingCache standings_{StandingCache::Config{}};
    SqlUsage usage_{*ledger_, ids_};
    BillingContext billing_{*ledger_, usage_, clock_, ids_, provider_, catalog_, standings_};
};

/// What Razorpay has after each of the events.
std::vector<ProviderObjects> moments_of(const std::string& name) {
    std::vector<ProviderObjects> moments;
    ProviderObjects objects;
    for (const auto& told : kStory) {
        told.happen(objects, name);
        moments.push_back(objects);
    }
    return moments;
}

std::string order_text(const std::vector<std::size_t>& order) {
    std::string text;
    for (const auto step : order) text += std::string(kStory.at(step).event) + " ";
    return text;
}

TEST(RazorpayEventOrders, AnyOrderEndsInTheSameRows) {
    RazorpayLedger ledger;
    std::vector<std::size_t> order(kStory.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    int orders = 0;
    do {
        const std::string name = "_" + std::to_string(++orders);
        const auto moments = moments_of(name);
        const auto customer = ledger.customer(name);
        ledger.start(name);
        std::size_t newest = 0;
        for (const auto step : order) {
            newest = std::max(newest, step);
            ledger.hear(moments[newest], kStory.at(step), name);
        }
        ASSERT_EQ(ledger.rows_of(customer, name), kEnd) << order_text(order);
    } while (std::ranges::next_permutation(order).found);
    EXPECT_EQ(orders, 720);
}

TEST(RazorpayEventOrders, WhatIsToldTwiceCountsOnce) {
    RazorpayLedger ledger;
    const auto moments = moments_of("_x");
    const auto customer = ledger.customer("_x");
    ledger.start("_x");
    for (int round = 0; round < 2; ++round)
        for (std::size_t step = 0; step < kStory.size(); ++step)
            ledger.hear(moments[round == 0 ? step : kStory.size() - 1], kStory.at(step), "_x");
    EXPECT_EQ(ledger.rows_of(customer, "_x"), kEnd);
}

TEST(RazorpayEventOrders, WhateverWasLostIsFoundByReconciliation) {
    for (std::size_t told = 0; told < (std::size_t{1} << kStory.size()); told += 7) {
        SCOPED_TRACE(told);
        RazorpayLedger ledger;
        const auto moments = moments_of("_x");
        const auto customer = ledger.customer("_x");
        ledger.start("_x");
        for (std::size_t step = 0; step < kStory.size(); ++step)
            if ((told >> step & 1U) != 0) ledger.hear(moments[step], kStory.at(step), "_x");
        ledger.look(moments.back());
        EXPECT_EQ(ledger.rows_of(customer, "_x"), kEnd);
    }
}

}  // namespace
}  // namespace turnpike
