#include "payments/stripe/translate.h"

#include <gtest/gtest.h>

#include "json/value.h"
#include "payments/stripe/testing.h"
#include "payments/testing.h"

namespace turnpike::stripe {
namespace {

// The numbers in these tables stand in the recorded files.
TEST(ReadSubscription, FindsThePeriodWhereEachVersionPutsIt) {
    struct Case {
        const char* file;
        const char* id;
        const char* item;
        const char* price;
        std::int64_t start, end;
        const char* status;
        const char* invoice;
    };
    const Case cases[] = {
        {"subscription_2020-08-27.json", "sub_JGwCm9P8YH7raV", "si_JGwCkABxl7Er2H", "small-monthly",
         1617990035, 1620582035, "active", "in_1IeOJrKXBGcbgpbZRxBicQXh"},
        {"subscription_2023-08-16.json", "sub_1NheflKXBGcbgpbZgIrXIQJB", "si_OUdxnNkX8yJsHF",
         "small-monthly", 1692649560, 1695327960, "active", "in_1NheflKXBGcbgpbZgjL4NJvA"},
        // latest_invoice is expanded here; the anchor moved after the start.
        {"subscription_2025-10-29.clover.json", "sub_1SRzoPKXBGcbgpbZB7qFhUZp", "si_TOnPCMia3XFjm9",
         "small-annual", 1762799256, 1794335256, "active", "in_1SRzoSKXBGcbgpbZ2oOjjHzE"},
        {"subscription_2026-03-25.dahlia.json", "sub_1TGnF3KXBGcbgpbZ9Jnx79C5", "si_UFHo6hFKZVZiZb",
         "small-monthly", 1774905661, 1777584061, "incomplete", "in_1TGnF3KXBGcbgpbZW1e7VW0R"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.file);
        const auto read = read_subscription(golden(c.file));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->id, c.id);
        EXPECT_EQ(read->item, c.item);
        EXPECT_EQ(read->price, c.price);
        EXPECT_EQ(unix_seconds(read->period.start), c.start);
        EXPECT_EQ(unix_seconds(read->period.end), c.end);
        EXPECT_EQ(read->status, c.status);
        EXPECT_EQ(read->latest_invoice, c.invoice);
        EXPECT_FALSE(read->cancel_at_period_end);
        EXPECT_FALSE(read->ended_at);
    }
}

TEST(ReadSubscription, ReadsCancellations) {
    const auto canceled = read_subscription(golden("subscription_canceled_2025-10-29.clover.json"));
    ASSERT_TRUE(canceled) << canceled.error().message;
    EXPECT_EQ(canceled->status, "canceled");
    EXPECT_EQ(canceled->ended_at, from_unix_seconds(1761934520));
    EXPECT_EQ(canceled->canceled_at, from_unix_seconds(1761934520));
    EXPECT_EQ(canceled->started_at, from_unix_seconds(1761934518));

    const auto ending = read_subscription(golden("subscription_ending_2025-10-29.clover.json"));
    ASSERT_TRUE(ending) << ending.error().message;
    EXPECT_EQ(ending->status, "active");
    EXPECT_TRUE(ending->cancel_at_period_end);
    EXPECT_EQ(ending->cancel_at, from_unix_seconds(1765391293));
    EXPECT_FALSE(ending->ended_at);
}

TEST(ReadSubscription, TakesACancelDateAtThePeriodEndForTheFlag) {
    auto json = golden("subscription_2025-10-29.clover.json");
    json["cancel_at"] = 1794335256;  // current_period_end of the item
    EXPECT_TRUE(read_subscription(json)->cancel_at_period_end);
    json["cancel_at"] = 1794335255;
    EXPECT_FALSE(read_subscription(json)->cancel_at_period_end);
}

TEST(ReadSubscription, TakesIdsBareOrExpandedAndIgnoresTheUnknown) {
    auto json = golden("subscription_2025-10-29.clover.json");
    const auto plain = read_subscription(json);
    json["customer"] = Json{{"id", json["customer"]}, {"object", "customer"}, {"deleted", true}};
    json["latest_invoice"] = json["latest_invoice"]["id"];
    json["items"]["data"][0]["price"] = json["items"]["data"][0]["price"]["id"];
    json["status"] = "hibernating";
    json["new_in_2031"] = Json{{"deep", {1, 2, 3}}};
    const auto other = read_subscription(json);
    ASSERT_TRUE(plain && other);
    EXPECT_EQ(other->customer, plain->customer);
    EXPECT_EQ(other->latest_invoice, plain->latest_invoice);
    EXPECT_EQ(other->price, plain->price);
    EXPECT_EQ(other->status, "hibernating");
}

TEST(ReadSubscription, ReadsOurMetadata) {
    auto json = golden("subscription_2023-08-16.json");
    json["metadata"] = Json{{"turnpike_subscription", "sub_x"}, {"odd", 7}};
    EXPECT_EQ(read_subscription(json)->metadata,
              (std::map<std::string, std::string>{{"turnpike_subscription", "sub_x"}}));
}

TEST(ReadSubscription, RefusesWhatItCannotMean) {
    const auto broken = [](auto change) {
        auto json = golden("subscription_2025-10-29.clover.json");
        change(json);
        return reason_of(read_subscription(json));
    };
    const char* reason = "payment.unexpected_reply";
    EXPECT_EQ(broken([](Json&) {}), "none");
    EXPECT_EQ(broken([](Json& j) { j["id"] = 7; }), reason);
    EXPECT_EQ(broken([](Json& j) { j.erase("customer"); }), reason);
    EXPECT_EQ(broken([](Json& j) { j["status"] = nullptr; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["items"]["data"] = Json::array(); }), reason);
    EXPECT_EQ(broken([](Json& j) { j["items"]["data"][0].erase("current_period_end"); }), reason);
    EXPECT_EQ(broken([](Json& j) { j["items"]["data"][0]["current_period_end"] = 1; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["start_date"] = -1; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["start_date"] = 1.5; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["start_date"] = 18446744073709551615ULL; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["cancel_at_period_end"] = "yes"; }), reason);
    EXPECT_EQ(broken([](Json& j) { j = Json::array(); }), reason);
}

TEST(ReadInvoice, ReadsEachVersion) {
    struct Case {
        const char* file;
        const char* id;
        const char* number;
        const char* subscription;
        const char* status;
        const char* reason;
        std::int64_t total, paid;
        std::size_t lines;
        bool from_subscription;
    };
    const Case cases[] = {
        {"invoice_2020-08-27.json", "in_1IeOJrKXBGcbgpbZRxBicQXh", "5B222F49-0001",
         "sub_JGwCm9P8YH7raV", "paid", "subscription_create", 25000, 25000, 1, true},
        {"invoice_2024-06-20.json", "in_1PmI3FKXBGcbgpbZHSUvUnwY", "8D7A02E3-0001", "", "paid",
         "manual", 1000, 1000, 1, false},
        {"invoice_2025-02-24.acacia.json", "in_1R705oKXBGcbgpbZqoqYuz5J", "E1F691E3-0001", "",
         "paid", "manual", 1000, 1000, 1, false},
        {"invoice_2025-10-29.clover.json", "in_1SRzoSKXBGcbgpbZ2oOjjHzE", "TUU8Z3L3-0002",
         "sub_1SRzoPKXBGcbgpbZB7qFhUZp", "paid", "subscription_update", 22500, 22500, 2, true},
        {"invoice_2026-03-25.dahlia.json", "in_1TGnFEKXBGcbgpbZ3irTL21r", "", "", "draft", "manual",
         1000, 0, 1, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.file);
        const auto read = read_invoice(golden(c.file));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->id, c.id);
        EXPECT_EQ(read->number.value_or(""), c.number);
        EXPECT_EQ(read->subscription.value_or(""), c.subscription);
        EXPECT_EQ(read->status, c.status);
        EXPECT_EQ(read->billing_reason, c.reason);
        EXPECT_EQ(read->total, Money(c.total, Currency::Usd));
        EXPECT_EQ(read->subtotal, Money(c.total, Currency::Usd));
        EXPECT_EQ(read->amount_paid, Money(c.paid, Currency::Usd));
        ASSERT_EQ(read->lines.size(), c.lines);
        EXPECT_EQ(read->lines.front().from_subscription, c.from_subscription);
        EXPECT_EQ(read->paid_at.has_value(), read->status == "paid");
        EXPECT_EQ(read->issued_at.has_value(), read->status != "draft");
        EXPECT_EQ(read->hosted_url.has_value(), read->status != "draft");
        EXPECT_FALSE(lines_missing(golden(c.file)));
    }
}

TEST(ReadInvoice, NamesThePriceOfALineInOldAndNewShapes) {
    struct Case {
        const char *file, *price;
    };
    const Case cases[] = {{"invoice_2020-08-27.json", "small-monthly"},
                          {"invoice_2024-06-20.json", "price_1PmHofKXBGcbgpbZCVOHQep3"},
                          {"invoice_2025-10-29.clover.json", "small-monthly"}};
    for (const Case& c : cases) {
        const auto invoice = read_invoice(golden(c.file));
        ASSERT_TRUE(invoice) << c.file;
        EXPECT_EQ(invoice->lines.front().price, c.price) << c.file;
    }
}

// 300 + 20 of tax, 150 + 50 of discounts; of a balance of -500 what is left is -120.
TEST(ReadInvoice, AddsUpTaxesDiscountsAndCredit) {
    auto json = golden("invoice_2025-10-29.clover.json");
    const auto nothing = read_invoice(json);
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->tax, 0);
    EXPECT_EQ(nothing->credit_applied, 0);
    EXPECT_FALSE(nothing->due_at);
    EXPECT_FALSE(nothing->next_attempt_at);
    json["total_taxes"] = Json::array({{{"amount", 300}}, {{"amount", 20}}});
    json["total_discount_amounts"] = Json::array({{{"amount", 150}}, {{"amount", 50}}});
    json["starting_balance"] = -500;
    json["ending_balance"] = -120;
    json["post_payment_credit_notes_amount"] = 70;
    json["due_date"] = 1'762'799'256;
    json["next_payment_attempt"] = 1'762'900'000;
    const auto invoice = read_invoice(json);
    ASSERT_TRUE(invoice);
    EXPECT_EQ(invoice->tax, 320);
    EXPECT_EQ(invoice->discount, 200);
    EXPECT_EQ(invoice->credit_applied, 380);
    EXPECT_EQ(invoice->credited, 70);
    EXPECT_EQ(invoice->due_at, from_unix_seconds(1'762'799'256));
    EXPECT_EQ(invoice->next_attempt_at, from_unix_seconds(1'762'900'000));
    json["tax"] = 40;  // before basil
    EXPECT_EQ(read_invoice(json)->tax, 40);
}

TEST(ReadInvoice, TellsProrationsFromPlanLines) {
    const auto invoice = read_invoice(golden("invoice_2025-10-29.clover.json"));
    ASSERT_TRUE(invoice);
    const auto& credit = invoice->lines.at(0);
    EXPECT_EQ(credit.amount, Money(-2500, Currency::Usd));
    EXPECT_TRUE(credit.proration);
    EXPECT_TRUE(credit.from_subscription);
    EXPECT_EQ(credit.period,
              (Period{from_unix_seconds(1762799256), from_unix_seconds(1765391253)}));
    const auto& charge = invoice->lines.at(1);
    EXPECT_EQ(charge.amount, Money(25000, Currency::Usd));
    EXPECT_FALSE(charge.proration);
    EXPECT_TRUE(charge.from_subscription);
}

TEST(ReadInvoiceLine, GivesTheSameAnswerForOldAndNewShapes) {
    const Json base{{"id", "il_1"},
                    {"amount", -500},
                    {"currency", "usd"},
                    {"period", {{"start", 100}, {"end", 200}}}};
    const auto line = [&](Json extra) {
        Json json = base;
        json.update(extra);
        return read_invoice_line(json, Currency::Usd);
    };
    struct Case {
        const char* name;
        Json old_shape, new_shape;
        bool proration, from_subscription;
    };
    const Json none = nullptr;
    const Case cases[] = {
        {"plan line",
         {{"type", "subscription"}, {"proration", false}, {"subscription_item", "si_1"}},
         {{"parent",
           {{"invoice_item_details", none},
            {"subscription_item_details", {{"proration", false}}}}}},
         false,
         true},
        {"proration of a plan",
         {{"type", "invoiceitem"}, {"proration", true}, {"subscription_item", "si_1"}},
         {{"parent",
           {{"invoice_item_details", none}, {"subscription_item_details", {{"proration", true}}}}}},
         true,
         true},
        {"invoice item",
         {{"type", "invoiceitem"}, {"proration", false}},
         {{"parent",
           {{"invoice_item_details", {{"proration", false}}},
            {"subscription_item_details", none}}}},
         false,
         false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        for (const Json& shape : {c.old_shape, c.new_shape}) {
            const auto read = line(shape);
            ASSERT_TRUE(read) << read.error().message;
            EXPECT_EQ(read->proration, c.proration);
            EXPECT_EQ(read->from_subscription, c.from_subscription);
            EXPECT_EQ(read->quantity, 1);
            EXPECT_EQ(read->amount, Money(-500, Currency::Usd));
        }
    }
}

TEST(ReadInvoice, NeverAppliesAmountsItCannotMean) {
    const auto broken = [](auto change) {
        auto json = golden("invoice_2025-10-29.clover.json");
        change(json);
        return reason_of(read_invoice(json));
    };
    const char* reason = "payment.unexpected_reply";
    EXPECT_EQ(broken([](Json&) {}), "none");
    EXPECT_EQ(broken([](Json& j) { j["currency"] = "zzz"; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["currency"] = nullptr; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["total"] = 1'000'000'000'000'001; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["total"] = 18446744073709551615ULL; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["total"] = 225.0; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["total"] = "22500"; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["amount_due"] = -1; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["amount_paid"] = -1; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["lines"]["data"][0]["currency"] = "eur"; }), reason);
    EXPECT_EQ(broken([](Json& j) { j["lines"]["data"][0].erase("period"); }), reason);
    EXPECT_EQ(broken([](Json& j) { j["lines"].erase("data"); }), reason);
    EXPECT_EQ(broken([](Json& j) { j["parent"]["subscription_details"]["subscription"] = 7; }),
              reason);
    EXPECT_EQ(broken([](Json& j) { j["total"] = -22500; }), "none");  // a credit is legal
}

TEST(ReadPaymentMethod, ReadsCardsAndOthers) {
    for (const auto* file :
         {"payment_method_2020-08-27.json", "payment_method_2026-03-25.dahlia.json"}) {
        const auto json = golden(file);
        const auto read = read_payment_method(json, json["id"].get<std::string>());
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->brand, "visa");
        EXPECT_EQ(read->last4, "4242");
        EXPECT_TRUE(read->is_default);
    }
    const auto dahlia =
        read_payment_method(golden("payment_method_2026-03-25.dahlia.json"), std::nullopt);
    ASSERT_TRUE(dahlia);
    EXPECT_EQ(dahlia->exp_month, 3);
    EXPECT_EQ(dahlia->exp_year, 2027);
    EXPECT_FALSE(dahlia->is_default);

    const Json debit{{"id", "pm_1"}, {"type", "sepa_debit"}, {"sepa_debit", {{"last4", "6243"}}}};
    const auto sepa = read_payment_method(debit, "pm_2");
    ASSERT_TRUE(sepa);
    EXPECT_EQ(sepa->brand, "sepa_debit");
    EXPECT_EQ(sepa->last4, "6243");
    EXPECT_FALSE(sepa->is_default);
}

TEST(ReadTestClock, TellsReadiness) {
    const auto clock = [](const char* status) {
        return read_test_clock(
            Json{{"id", "clock_1"}, {"frozen_time", 1726358400}, {"status", status}});
    };
    EXPECT_TRUE(clock("ready")->ready);
    EXPECT_FALSE(clock("advancing")->ready);
    EXPECT_EQ(clock("ready")->frozen_time, from_unix_seconds(1726358400));
    EXPECT_EQ(reason_of(clock("internal_failure")), "payment.unexpected_reply");
}

TEST(ReadReply, WantsAnObject) {
    EXPECT_TRUE(read_reply("{}"));
    for (const char* body : {"", "[]", "null", "<html>", "{\"a\":1"})
        EXPECT_EQ(reason_of(read_reply(body)), "payment.unexpected_reply") << body;
}

}  // namespace
}  // namespace turnpike::stripe
