#include "analytics/figures.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "analytics/figures_wire.h"
#include "json/value.h"
#include "sql/testing.h"
#include "subscriptions/subscription_event.h"

namespace turnpike {
namespace {

using std::chrono::days;

/// 2025-03-31T00:00:00Z.
const Instant kNow = from_unix_seconds(1'743'379'200);
Instant ago(int count) { return kNow - days(count); }

/// What a subscription is, and what its history says.
struct Sold {
    const char* price = "month_10";
    const char* status = "active";
    Instant started_at = ago(60);
    std::optional<Instant> ended_at{};
    std::int64_t quantity = 1;
    bool paused = false;
    std::optional<Instant> resumes_at{}, grace_ends_at{};
    const char* provider = "stripe";
};

class FiguresTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        catalog("shop", 0);
        catalog("school", 1);
        price("shop", "month_10", "month", 1'000);
        price("shop", "year_600", "year", 60'000);
        price("shop", "free", "month", 0);
        price("school", "week_10", "week", 1'000);
    }
    void run(std::string_view text, std::initializer_list<sql::Value> values) {
        db().write_blocking([&](sql::Transaction& tx) { return tx.run(text, values); });
    }
    template <class Work>
    auto read(Work work) {
        return db().read_blocking([&](sql::Transaction& tx) { return work(tx); });
    }
    void catalog(const char* key, int position) {
        run("INSERT INTO catalogs (key, position) VALUES ($1, $2)", {key, position});
    }
    /// One plan of one version with one price, all of them called alike.
    void price(const char* of, const char* key, const char* interval, int amount) {
        run(R"sql(INSERT INTO plans (id, catalog, key, name, description, rank, is_default, origin,
                                     trial_days_max, created_at)
                  VALUES ($1, $2, $1, $1, '', 1, 0, 'file', 30, 0))sql",
            {key, of});
        run(R"sql(INSERT INTO plan_versions (id, plan_id, number, content_hash, custom_price,
                                             created_at)
                  VALUES ($1, $1, 1, '', 0, 0))sql",
            {key});
        run(R"sql(INSERT INTO prices (id, plan_version_id, currency, interval, interval_count,
                                      amount_minor)
                  VALUES ($1, $1, 'usd', $2, 1, $3))sql",
            {key, interval, amount});
    }
    void customer(const char* name, Instant created_at = ago(100), const char* of = "shop") {
        run(R"sql(INSERT INTO customers (id, external_id, catalog, metadata, created_at, version)
                  VALUES ($1, $2, $3, '{}', $4, 1))sql",
            {std::string("cus_") + name, name, of, created_at});
    }
    /// The row and its first event; its name is the customer's.
    void sell(const char* name, const Sold& sold) {
        std::optional<std::string> behavior;
        if (sold.paused) behavior = "void";
        run(R"sql(INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider,
                         status, period_start, period_end, cancel_at_period_end, started_at,
                         ended_at, applied_ticket, created_at, updated_at, version, quantity,
                         pause_behavior, resumes_at, grace_ends_at)
                  VALUES ($1, $2, $3, $3, $4, $5, $6, $6, 0, $6, $7, 0, $6, $6, 1, $8, $9, $10,
                          $11))sql",
            {std::string("sub_") + name, std::string("cus_") + name, sold.price, sold.provider,
             sold.status, sold.started_at, sold.ended_at, sold.quantity, behavior, sold.resumes_at,
             sold.grace_ends_at});
    }
    struct Told {
        int number = 1;
        const char* kind = "started";
        Instant at;
        const char* status = "active";
        const char* price = "month_10";
        std::int64_t quantity = 1;
    };
    void tell(const char* name, const Told& told) {
        run(R"sql(INSERT INTO subscription_events (subscription_id, number, id, customer_id, kind,
                         at, recorded_at, status, plan_version_id, price_id, quantity,
                         period_start, period_end, cancel_at_period_end, actor, request_id)
                  VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $8, $9, 0, 0, 0, '', ''))sql",
            {std::string("sub_") + name, told.number,
             std::string("sev_") + name + std::to_string(told.number), std::string("cus_") + name,
             told.kind, told.at, told.status, told.price, told.quantity});
    }
    struct Given {
        const char* duration = "forever";
        std::optional<std::int64_t> percent_scaled{}, amount_minor{};
        Instant starts_at = ago(60);
        std::optional<Instant> ends_at{};
        int from_number = 1;
        std::optional<std::int64_t> to_number{};
    };
    void discount(const char* name, const Given& given) {
        std::optional<std::string> currency;
        if (given.amount_minor) currency = "usd";
        run(R"sql(INSERT INTO subscription_discounts (subscription_id, provider_discount_id,
                         from_number, to_number, position, duration, percent_scaled, amount_minor,
                         currency, starts_at, ends_at)
                  VALUES ($1, 'di', $2, $3, 0, $4, $5, $6, $7, $8, $9))sql",
            {std::string("sub_") + name, given.from_number, given.to_number, given.duration,
             given.percent_scaled, given.amount_minor, currency, given.starts_at, given.ends_at});
    }
    std::optional<CustomerRevenue> of_customer(const char* name) {
        return read([&](auto& tx) {
            return load_customer_revenue(tx, CustomerId::trusted(std::string("cus_") + name), kNow);
        });
    }
    RecurringRevenue dollars(const char* of = "") {
        return revenue_in(read([&](auto& tx) { return load_revenue(tx, {of, kNow}); }),
                          Currency::Usd);
    }
};
INSTANTIATE_TEST_SUITE_P(, FiguresTest, sql::both_engines(), sql::engine_name);

TEST_P(FiguresTest, CountsByTheStatusThatIsShown) {
    struct Case {
        const char* name;
        Sold sold;
        std::int64_t mrr;
    };
    const Case cases[] = {
        {"active", {}, 1'000},
        {"three_seats", {.quantity = 3}, 3'000},
        {"yearly", {.price = "year_600"}, 5'000},
        {"past_due", {.status = "past_due"}, 1'000},
        {"in_grace", {.status = "past_due", .grace_ends_at = ago(-1)}, 1'000},
        {"grace_over", {.status = "past_due", .grace_ends_at = kNow}, 0},
        {"trial", {.status = "trialing"}, 0},
        {"unpaid", {.status = "unpaid"}, 0},
        {"incomplete", {.status = "incomplete"}, 0},
        {"paused", {.paused = true}, 0},
        {"paused_still", {.paused = true, .resumes_at = ago(-1)}, 0},
        {"resumed", {.paused = true, .resumes_at = kNow}, 1'000},
        {"at_the_provider_paused", {.status = "paused"}, 0},
        {"ended", {.status = "canceled", .ended_at = ago(1)}, 0},
        {"free", {.price = "free"}, 0},
    };
    std::int64_t sum = 0;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        customer(c.name);
        sell(c.name, c.sold);
        sum += c.mrr;
        EXPECT_EQ(dollars().mrr.rounded(), sum);
        const auto id = CustomerId::trusted(std::string("cus_") + c.name);
        const auto own = read([&](auto& tx) { return load_customer_revenue(tx, id, kNow); });
        EXPECT_EQ(own ? own->mrr.rounded() : 0, c.mrr);
    }
    EXPECT_EQ(dollars().paying_customers, 6);
}

// On a test clock that stands a month ahead, the grace of two weeks from now is over.
TEST_P(FiguresTest, LooksAtTheCustomersOwnTime) {
    customer("ann");
    sell("ann", {.status = "past_due", .grace_ends_at = ago(-14)});
    EXPECT_EQ(dollars().mrr.rounded(), 1'000);
    run(R"sql(INSERT INTO test_clocks (id, name, provider, provider_clock_id, frozen_time,
                                       created_at)
              VALUES ('clock', '', 'stripe', 'c', $1, 0))sql",
        {ago(-30)});
    run("UPDATE customers SET test_clock_id = 'clock'", {});
    EXPECT_EQ(dollars().mrr.rounded(), 0);
    const auto ann = CustomerId::trusted("cus_ann");
    EXPECT_FALSE(read([&](auto& tx) { return load_customer_revenue(tx, ann, kNow); }));
}

TEST_P(FiguresTest, KeepsCatalogsApart) {
    customer("ann");
    customer("school~bob", ago(100), "school");
    sell("ann", {});
    sell("school~bob", {.price = "week_10"});
    // 1,000 x 365/84 = 4,345.24 a month.
    EXPECT_EQ(dollars("school").mrr.rounded(), 4'345);
    EXPECT_EQ(dollars("shop").mrr.rounded(), 1'000);
    const auto all = dollars();
    EXPECT_EQ(all.mrr.rounded(), 5'345);
    EXPECT_EQ(all.by_plan.at("school~week_10").mrr.rounded(), 4'345);
    EXPECT_EQ(all.by_catalog.at("shop").mrr.rounded(), 1'000);
    const auto top = read([](auto& tx) { return load_top_customers(tx, {"", kNow}, 1); });
    ASSERT_EQ(top.size(), 1U);
    EXPECT_EQ(top[0].external_id, "school~bob");
}

// A week ago: ann had 1 seat (10), bob 2 (20), carl was on trial, dora still paid 10, eve had gone.
// Now: ann has 3 seats (30), bob pays by the year (600/12 = 50), carl pays 10, dora has gone.
// 40 -> 90: (90 - 40) / 40 = 1.25.
TEST_P(FiguresTest, TellsWhatRecurredAWeekAgo) {
    for (const char* name : {"ann", "bob", "carl", "dora", "eve"}) customer(name);
    sell("ann", {.quantity = 3});
    tell("ann", {.at = ago(60)});
    tell("ann", {.number = 2, .kind = "changed", .at = ago(2), .quantity = 3});
    sell("bob", {.price = "year_600"});
    tell("bob", {.at = ago(60), .quantity = 2});
    tell("bob", {.number = 2, .kind = "changed", .at = ago(7) + days(1), .price = "year_600"});
    sell("carl", {.started_at = ago(10)});
    tell("carl", {.kind = "trial_started", .at = ago(10), .status = "trialing"});
    tell("carl", {.number = 2, .kind = "converted", .at = ago(3)});
    sell("dora", {.status = "canceled", .ended_at = ago(1)});
    tell("dora", {.at = ago(60)});
    tell("dora", {.number = 2, .kind = "ended", .at = ago(1), .status = "canceled"});
    sell("eve", {.status = "canceled", .ended_at = ago(8)});
    tell("eve", {.at = ago(60)});
    tell("eve", {.number = 2, .kind = "ended", .at = ago(8), .status = "canceled"});
    const auto growth = read([](auto& tx) { return load_growth(tx, {"", kNow}); });
    ASSERT_EQ(growth.size(), 1U);
    EXPECT_EQ(growth[0].before.mrr, Fraction(4'000, 1));
    EXPECT_EQ(growth[0].before.paying_customers, 3);
    EXPECT_EQ(growth[0].now.mrr, Fraction(9'000, 1));
    EXPECT_EQ(growth[0].rate()->text(4), "1.2500");
}

TEST_P(FiguresTest, CountsTheMovesOfAWindow) {
    struct Case {
        const char* name;
        Sold sold;
    };
    const Case cases[] = {
        {"old", {.started_at = ago(60)}},
        {"new", {.started_at = ago(5), .provider = "razorpay"}},
        {"at_its_edge", {.started_at = ago(30)}},
        {"came_and_went", {.status = "canceled", .started_at = ago(20), .ended_at = ago(10)}},
        {"went_before", {.status = "canceled", .started_at = ago(60), .ended_at = ago(31)}},
        {"never_paid", {.status = "incomplete_expired", .started_at = ago(6), .ended_at = ago(5)}},
    };
    for (const Case& c : cases) {
        customer(c.name);
        sell(c.name, c.sold);
    }
    const Period window{ago(30), kNow};
    const auto moves =
        read([&](auto& tx) { return load_subscription_moves(tx, {"shop", kNow}, window); });
    EXPECT_EQ(moves.started, 3);
    EXPECT_EQ(moves.active, 4);
    EXPECT_EQ(moves.ended, 1);
    EXPECT_EQ(moves.started_by_provider,
              (std::map<std::string, std::int64_t>{{"stripe", 2}, {"razorpay", 1}}));
    const auto school =
        read([&](auto& tx) { return load_subscription_moves(tx, {"school", kNow}, window); });
    EXPECT_EQ(school.active, 0);
}

// Free in the window: two who were there, one who came, one who began to pay in it; not who had
// paid before, though it came back. 1 of 4 converted.
TEST_P(FiguresTest, ConversionIsOfThoseWhoHadNeverPaid) {
    for (const char* name : {"free", "on_trial", "converts", "comes_back"}) customer(name);
    customer("new", ago(3));
    sell("on_trial", {.status = "trialing", .started_at = ago(10)});
    tell("on_trial", {.kind = "trial_started", .at = ago(10), .status = "trialing"});
    sell("converts", {.started_at = ago(40)});
    tell("converts", {.kind = "trial_started", .at = ago(40), .status = "trialing"});
    tell("converts", {.number = 2, .kind = "converted", .at = ago(20)});
    sell("comes_back", {.started_at = ago(60)});
    tell("comes_back", {.at = ago(60)});
    tell("comes_back", {.number = 2, .kind = "past_due", .at = ago(9), .status = "past_due"});
    tell("comes_back", {.number = 3, .kind = "recovered", .at = ago(8)});
    const auto conversion =
        read([](auto& tx) { return load_conversion(tx, {"shop", kNow}, {ago(30), kNow}); });
    EXPECT_EQ(conversion.free_customers, 4);
    EXPECT_EQ(conversion.converted, 1);
    EXPECT_EQ(conversion.rate()->text(4), "0.2500");
    EXPECT_FALSE(read([](auto& tx) {
                     return load_conversion(tx, {"school", kNow}, {ago(30), kNow});
                 }).rate());
}

TEST_P(FiguresTest, CheckoutsAndWebhooksOfAWindow) {
    customer("ann");
    const auto checkout = [&](const char* id, const char* status, Instant at) {
        run(R"sql(INSERT INTO checkout_sessions (id, customer_id, subscription_id, plan_version_id,
                         price_id, quantity, trial_days, success_url, cancel_url, is_anonymous,
                         provider, status, expires_at, created_at, updated_at)
                  VALUES ($1, 'cus_ann', $1, 'free', 'free', 1, 0, '', '', 0, 'stripe', $2, 0, $3,
                          $3))sql",
            {id, status, at});
    };
    checkout("cs_1", "complete", ago(5));
    checkout("cs_2", "expired", ago(4));
    checkout("cs_3", "creating", ago(3));
    checkout("cs_4", "complete", ago(31));
    const auto event = [&](const char* id, const char* provider, const char* state, Instant at) {
        run(R"sql(INSERT INTO inbox_events (id, provider, provider_event_id, identity, type,
                         payload, state, attempts, next_attempt_at, received_at)
                  VALUES ($1, $2, $1, $1, '', '', $3, 0, 0, $4))sql",
            {id, provider, state, at});
    };
    event("1", "stripe", "done", ago(1));
    event("2", "stripe", "done", ago(2));
    event("3", "stripe", "dead", ago(3));
    event("4", "razorpay", "pending", ago(4));
    event("5", "razorpay", "done", ago(31));
    const FigureScope scope{"", kNow};
    const Period window{ago(30), kNow};
    const Json json =
        read([&](auto& tx) { return write_figures(load_figures(tx, scope, window)); });
    EXPECT_EQ(json["checkouts"], (Json{{"initiated", 3}, {"completed", 1}}));
    // 2 of 4 were processed; 2 of 3 of Stripe's.
    EXPECT_EQ(json["webhooks"]["received"], 4);
    EXPECT_EQ(json["webhooks"]["processed"], 2);
    EXPECT_EQ(json["webhooks"]["dead"], 1);
    EXPECT_EQ(json["webhooks"]["success_rate"], "0.5000");
    EXPECT_EQ(json["webhooks"]["by_provider"]["stripe"]["success_rate"], "0.6667");
    EXPECT_EQ(json["webhooks"]["by_provider"]["razorpay"]["success_rate"], "0.0000");
    EXPECT_EQ(json["revenue"], Json::array());
    EXPECT_EQ(json["conversion"]["rate"], "0.0000");
}

// $15 a month with $14 off the first bill, 77 times: 77 x 15 = $1,155.
TEST_P(FiguresTest, ADiscountOfOneBillLeavesTheMrr) {
    price("shop", "month_15", "month", 1'500);
    for (int i = 0; i < 77; ++i) {
        const std::string name = "c" + std::to_string(i);
        customer(name.c_str());
        sell(name.c_str(), {.price = "month_15"});
        discount(name.c_str(), {.duration = "once", .amount_minor = 1'400});
    }
    EXPECT_EQ(dollars().mrr, Fraction(115'500, 1));
    EXPECT_EQ(dollars().paying_customers, 77);
}

// $120 a year with 10 % off: 120 x 0.9 / 12 = $9.00 a month; the year is $108.
TEST_P(FiguresTest, ADiscountForGoodLessensTheMrr) {
    price("shop", "year_120", "year", 12'000);
    customer("ann");
    sell("ann", {.price = "year_120"});
    discount("ann", {.percent_scaled = 100'000});
    EXPECT_EQ(dollars().mrr, Fraction(900, 1));
    EXPECT_EQ(dollars().arr(), Fraction(10'800, 1));
    EXPECT_EQ(dollars().by_plan["year_120"].mrr, Fraction(900, 1));
    EXPECT_EQ(of_customer("ann")->mrr, Fraction(900, 1));
}

TEST_P(FiguresTest, ADiscountCountsWithinItsTimeAndDownToNothing) {
    struct Case {
        const char* name;
        Given given;
        std::int64_t mrr;  ///< of 1,000 before
    };
    const Case cases[] = {
        {"running", {.duration = "repeating", .percent_scaled = 250'000, .ends_at = ago(-1)}, 750},
        {"ends_now", {.duration = "repeating", .percent_scaled = 250'000, .ends_at = kNow}, 1'000},
        {"not_yet", {.percent_scaled = 250'000, .starts_at = ago(-1)}, 1'000},
        {"amount", {.amount_minor = 999}, 1},
        {"more_than_all", {.amount_minor = 1'001}, 0},
        {"all", {.percent_scaled = 1'000'000}, 0},
        {"unread", {.duration = "unread"}, 1'000},
        {"taken_back", {.percent_scaled = 250'000, .to_number = 2}, 1'000},
    };
    std::int64_t sum = 0, payers = 0;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        customer(c.name);
        sell(c.name, {});
        discount(c.name, c.given);
        sum += c.mrr;
        if (c.mrr > 0) ++payers;
        EXPECT_EQ(dollars().mrr, Fraction(sum, 1));
        EXPECT_EQ(dollars().paying_customers, payers);
        const auto own = of_customer(c.name);
        EXPECT_EQ(own ? own->mrr : Fraction(), Fraction(c.mrr, 1));
    }
}

// Ten seats less 95 % are 500, less than one seat; the others of that price come in their order.
TEST_P(FiguresTest, TopCustomersAreThoseWhoPayMostNetOfDiscounts) {
    for (const auto* name : {"seats", "one", "two"}) customer(name);
    sell("seats", {.quantity = 10});
    discount("seats", {.percent_scaled = 950'000});
    sell("one", {});
    sell("two", {.quantity = 2});
    discount("two", {.amount_minor = 500});  // 2,000 - 500
    const auto top = read([](auto& tx) { return load_top_customers(tx, {"", kNow}, 2); });
    ASSERT_EQ(top.size(), 2U);
    EXPECT_EQ(top[0].external_id, "two");
    EXPECT_EQ(top[0].mrr, Fraction(1'500, 1));
    EXPECT_EQ(top[1].external_id, "one");
}

// Half off from ten days ago until five days ago; its events say since when it stands.
TEST_P(FiguresTest, APastMomentHasTheDiscountsOfItsEvents) {
    customer("ann");
    sell("ann", {});
    tell("ann", {.at = ago(60)});
    tell("ann", {.number = 2, .kind = "discounted", .at = ago(10)});
    tell("ann", {.number = 3, .kind = "discounted", .at = ago(5)});
    discount("ann", {.percent_scaled = 500'000, .from_number = 2, .to_number = 3});
    const auto mrr_at = [&](Instant then) {
        const auto groups = read([&](auto& tx) { return load_groups_at(tx, {"", kNow}, then); });
        return revenue_in(recurring_revenue(groups), Currency::Usd).mrr;
    };
    EXPECT_EQ(mrr_at(ago(11)), Fraction(1'000, 1));
    EXPECT_EQ(mrr_at(ago(10)), Fraction(500, 1));
    EXPECT_EQ(mrr_at(ago(6)), Fraction(500, 1));
    EXPECT_EQ(mrr_at(ago(5)), Fraction(1'000, 1));
    EXPECT_EQ(dollars().mrr, Fraction(1'000, 1));
}

}  // namespace
}  // namespace turnpike
