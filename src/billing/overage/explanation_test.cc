#include "billing/overage/explanation.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "billing/life/commands.h"
#include "billing/life/sync.h"
#include "billing/life/test_clocks.h"
#include "billing/overage/recompute.h"
#include "billing/records/stored_close.h"
#include "billing/testing/testing.h"
#include "json/value.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

// STARTER: 1,000 calls, then $0.03 each. PRO: 10,000 calls, then $0.02 each.
class Explanations : public BillingTest {
protected:
    RecomputeReport recomputed(RecomputeOrder order = {}) {
        const auto report = world.run(
            recompute(*ledger, world.billing.usage, order, [](std::uint64_t, std::uint64_t) {}));
        EXPECT_TRUE(report) << report.error().message;
        return *report;
    }
    std::vector<InvoiceLine> overage_lines(const CustomerId& customer) {
        EXPECT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
        std::vector<InvoiceLine> lines;
        for (const Invoice& invoice : world.invoices(customer))
            for (const InvoiceLine& line : invoice.lines)
                if (line.kind == LineKind::Overage) lines.push_back(line);
        return lines;
    }
    ExplainedLine explained(const InvoiceLineId& line) {
        auto found = ledger->read_blocking(
            [&](sql::Transaction& tx) { return explain_line(tx, line, std::nullopt); });
        EXPECT_TRUE(found) << found.error().message;
        return *std::move(found);
    }
    std::string differences(const RecomputeReport& report) {
        std::string text;
        for (const auto& d : report.differences)
            text += d.object + " " + d.field + ": " + d.stored + " / " + d.recomputed + "\n";
        return text;
    }
    Instant january = from_unix_seconds(1'767'225'600);  // 2026-01-01
};

// 12,345 - 10,000 = 2,345 calls at $0.02 are $46.90.
TEST_F(Explanations, SayWhatAnOverageLineFollowsFrom) {
    const auto customer = on_clock("ada", january);
    const auto subscription = started(customer, "pro");
    world.use(customer, 10'000, "first");
    world.use(customer, 2'345, "second");
    advance(january + days(31) + hours(2));
    const auto lines = overage_lines(customer);
    ASSERT_EQ(lines.size(), 1U);

    const auto line = explained(lines.front().id);
    ASSERT_TRUE(line.charge);
    EXPECT_FALSE(line.charge->is_adjustment());
    EXPECT_EQ(line.charge->proof.entries, 2U);
    EXPECT_EQ(line.charge->entries_before, 0U);
    const Json json = write_explanation(line);
    const Json& step = json.at("charge").at("segments").at(0);
    EXPECT_EQ(step.at("plan").at("key"), "pro");
    EXPECT_EQ(step.at("used"), "12345");
    EXPECT_EQ(step.at("covered"), "10000");
    EXPECT_EQ(step.at("overage"), "2345");
    EXPECT_EQ(step.at("unit_price"), "0.02");
    EXPECT_EQ(step.at("exact"), "46.9");
    EXPECT_EQ(step.at("amount").at("amount"), 4'690);
    EXPECT_EQ(json.at("charge").at("amount").at("amount"), 4'690);
    // printf 'event\ttest\tfirst\t0\t10000\nevent\ttest\tsecond\t0\t2345\n' | sha256sum
    EXPECT_EQ(line.charge->proof.digest,
              "1fda3f4d6b3acd96cdf64ab2f22a98b9666b5518ed7e7d295625cf31f52ef40f");

    const auto report = recomputed({.invoice = line.invoice.id});
    EXPECT_EQ(report.charges, 1);
    EXPECT_EQ(report.entries, 2);
    EXPECT_EQ(differences(report), "");
}

// docs/invoices.md: the last of three decimals is 0 in whatever is charged.
TEST(RoundingRule, IsOfTheCurrency) {
    EXPECT_EQ(rounding_rule(Currency::Usd),
              "each segment's exact amount once, half up, to the currency's smallest unit");
    EXPECT_EQ(rounding_rule(*parse_currency("jpy")), rounding_rule(Currency::Usd));
    EXPECT_TRUE(rounding_rule(*parse_currency("kwd")).contains("ten of the currency's smallest"));
}

// 10,100 calls in January cost $2.00; 50 late ones $1.00 more.
TEST_F(Explanations, OfAnAdjustmentShowTheDifference) {
    const auto customer = on_clock("late", january);
    started(customer, "pro");
    world.use(customer, 10'100, "january");
    advance(january + days(31) + hours(2));
    world.send(customer, 50, "late", january + days(20));
    advance(january + days(59) + hours(2));
    const auto lines = overage_lines(customer);
    ASSERT_EQ(lines.size(), 2U);  // the newest invoice first
    const auto line = explained(lines.front().id);
    ASSERT_TRUE(line.charge);
    EXPECT_TRUE(line.charge->is_adjustment());
    EXPECT_EQ(line.charge->entries_before, 1U);
    EXPECT_EQ(line.charge->proof.entries, 2U);
    const Json step = write_explanation(line).at("charge").at("segments").at(0);
    EXPECT_EQ(step.at("overage"), "150");
    EXPECT_EQ(step.at("amount").at("amount"), 300);
    EXPECT_EQ(step.at("charged_before").at("amount").at("amount"), 200);
    EXPECT_EQ(line.charge->amount, Money(100, Currency::Usd));
    // What came later changes neither.
    world.send(customer, 7, "later", january + days(21));
    const auto report = recomputed();
    EXPECT_EQ(report.charges, 2);
    EXPECT_EQ(differences(report), "");
}

TEST_F(Explanations, OfAPlanLineSayThePrice) {
    const auto customer = on_clock("plan", january);
    started(customer, "pro");
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    const auto invoices = world.invoices(customer);
    ASSERT_EQ(invoices.size(), 1U);
    const Json json = write_explanation(explained(invoices.front().lines.front().id));
    EXPECT_EQ(json.at("kind"), "plan");
    EXPECT_EQ(json.at("price").at("plan").at("key"), "pro");
    EXPECT_EQ(json.at("price").at("amount").at("amount"), 9'900);
    EXPECT_EQ(json.at("price").at("interval"), "month");
    EXPECT_TRUE(json.at("charge").is_null());
}

TEST_F(Explanations, AreForTheOwnCustomerAlone) {
    const auto customer = on_clock("own", january);
    const auto other = world.customer("other");
    started(customer, "pro");
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    const auto line = world.invoices(customer).front().lines.front().id;
    const auto seen_by = [&](const CustomerId& whose) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            return explain_line(tx, line, std::vector{whose}).has_value();
        });
    };
    EXPECT_TRUE(seen_by(customer));
    EXPECT_FALSE(seen_by(other));
}

TEST_F(Explanations, WhatWasChangedInTheLedgerIsFound) {
    const auto customer = on_clock("tampered", january);
    started(customer, "pro");
    world.use(customer, 10'100, "january");
    advance(january + days(31) + hours(2));
    ASSERT_EQ(overage_lines(customer).size(), 1U);
    ASSERT_EQ(differences(recomputed()), "");
    const auto change = [&](const char* statement) {
        ledger->write_blocking([&](sql::Transaction& tx) { return tx.run(statement, {}); });
        const auto found = recomputed().differences;
        return found.empty() ? "" : found.front().field;
    };
    EXPECT_EQ(change("UPDATE invoice_lines SET amount_minor = 201 WHERE kind = 'overage'"),
              "amount");
    EXPECT_EQ(change("UPDATE overage_charges SET amount_minor = 201"), "lines");
    EXPECT_EQ(change("UPDATE usage_events SET quantity = quantity + 1000000"), "digest");
}

// Random usage, late usage and changes of plan over five months: every charge can be told again
// from its events.
TEST_F(Explanations, AnyHistoryIsRatedAgainToWhatWasCharged) {
    std::mt19937_64 random(5);
    const auto upto = [&](std::uint64_t most) {
        return static_cast<std::int64_t>(random() % (most + 1));
    };
    const auto customer = on_clock("random", january);
    const auto subscription = started(customer, "starter");
    Instant now = january;
    for (int month = 0; month < 5; ++month) {
        for (int i = 0; i < 6; ++i) {
            const std::string id = std::to_string(month) + "-" + std::to_string(i);
            world.use(customer, upto(2'000), id);
            const Instant then = now - days(upto(40));
            world.send(customer, upto(500), "late-" + id, std::max(then, january));
            if (upto(2) == 0) world.amend(customer, upto(900), "late-" + id);
        }
        now += days(31);
        advance(now + hours(2));
    }
    const auto report = recomputed();
    EXPECT_GT(report.charges, 4);
    EXPECT_EQ(differences(report), "");
    EXPECT_EQ(subscription.customer, customer);
}

// The same where usage is in a log.
TEST(LoggedExplanations, AreRatedAgainFromTheLog) {
    const sql::TempFolder folder;
    const auto ledger = ledger_with_catalog();
    const auto log = usage_log_in(folder);
    BillingWorld world{*ledger, fresh_account_key(), log.get()};
    const Instant january = from_unix_seconds(1'767'225'600);  // 2026-01-01
    const auto clock = world.run(create_test_clock(world.billing, "c", january, tester));
    ASSERT_TRUE(clock) << clock.error().message;
    const auto customer = world.customer("logged", clock->id);
    ASSERT_TRUE(world.run(start_subscription(world.billing, world.start_request(customer, "pro"))));
    // 40 x 300 calls, 10 of which were 200: 11,000, of which 1,000 cost $20.00.
    for (int i = 0; i < 40; ++i) world.use(customer, 300, std::to_string(i));
    for (int i = 0; i < 10; ++i) world.amend(customer, 200, std::to_string(i));
    const auto moved = world.run(
        advance_test_clock(world.billing, clock->id, january + days(31) + hours(2), tester));
    ASSERT_TRUE(moved) << moved.error().message;
    const auto again =
        world.run(recompute(*ledger, world.billing.usage, {}, [](std::uint64_t, std::uint64_t) {}));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->charges, 1);
    EXPECT_EQ(again->entries, 50);
    EXPECT_TRUE(again->differences.empty());
    const auto billed = ledger->read_blocking([](sql::Transaction& tx) {
        return tx.one("SELECT SUM(amount_minor) FROM overage_charges")->integer(0);
    });
    EXPECT_EQ(billed, 2'000);
}

}  // namespace
}  // namespace turnpike
