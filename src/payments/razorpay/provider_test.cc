#include "payments/razorpay/provider.h"

#include <set>

#include "payments/razorpay/testing.h"

namespace turnpike::razorpay {
namespace {

class RazorpayProvider : public ProviderTest {
protected:
    Result<ProviderSubscription> change(const ProviderSubscription& subscription,
                                        const std::string& price, const std::string& obligation,
                                        ProrationBilling billing = ProrationBilling::Now) {
        return run(provider->change_subscription({.obligation = obligation,
                                                  .subscription = subscription.id,
                                                  .item = subscription.item,
                                                  .price = price,
                                                  .billing = billing}));
    }
    Result<ProviderSubscription> cancel(const std::string& id, CancelWhen when,
                                        const std::string& obligation = "cancel") {
        return run(provider->cancel_subscription(
            {.obligation = obligation, .subscription = id, .when = when}));
    }
    std::string yearly_price() {
        return must(run(provider->create_price({.price = PriceId::trusted("price_yearly"),
                                                .plan_key = "gold",
                                                .plan_name = "Gold",
                                                .plan_version = PlanVersionId::trusted("pv_1"),
                                                .amount = Money(500'000, Currency::Inr),
                                                .interval = "year"})));
    }
    /// Amounts of all payments that were taken, less what was given back, in paise.
    std::int64_t taken() {
        std::int64_t sum = 0;
        for (const Json& payment : get("/v1/payments?count=100").at("items"))
            if (payment.at("status") == "captured" || payment.at("status") == "refunded")
                sum += payment.at("amount").get<std::int64_t>() -
                       payment.at("amount_refunded").get<std::int64_t>();
        return sum;
    }
};

TEST_F(RazorpayProvider, MakesACustomerWithItsNames) {
    const auto id = customer();
    const Json made = get("/v1/customers/" + id);
    EXPECT_EQ(made.at("email"), "acme@example.org");
    const Json notes{{"turnpike_customer", "cus_acme"},
                     {"turnpike_external_id", "acme"},
                     {"turnpike_obligation", "customer:cus_acme"}};
    EXPECT_EQ(made.at("notes"), notes);
    EXPECT_EQ(customer(), id) << "once";
    EXPECT_EQ(count("customers"), 1U);
}

TEST_F(RazorpayProvider, TellsACustomersNewName) {
    const auto id = customer();
    const CustomerDetails details{"details:2", id, std::nullopt, std::string(60, 'n')};
    ASSERT_TRUE(run(provider->update_customer(details)));
    EXPECT_EQ(get("/v1/customers/" + id).at("name"), std::string(50, 'n'));
    EXPECT_EQ(get("/v1/customers/" + id).at("email"), nullptr);
    EXPECT_EQ(reason_of(run(provider->update_customer(
                  {"details:3", "cust_00000000000000", std::nullopt, "x"}))),
              "payment.refused");
}

TEST_F(RazorpayProvider, SellsAPriceAsAPlan) {
    const auto id = price();
    const Json plan = get("/v1/plans/" + id);
    EXPECT_EQ(plan.at("period"), "monthly");
    EXPECT_EQ(plan.at("item").at("amount"), 50'000);
    EXPECT_EQ(plan.at("item").at("currency"), "INR");
    EXPECT_EQ(plan.at("notes").at("turnpike_price"), "price_gold");

    const auto read = must(run(provider->get_price(id)));
    EXPECT_EQ(read.amount, Money(50'000, Currency::Inr));
    EXPECT_EQ(read.interval, "month");
    EXPECT_EQ(read.interval_count, 1);
    EXPECT_TRUE(read.active);
    NewPrice daily{.price = PriceId::trusted("price_daily"),
                   .plan_key = "d",
                   .plan_name = "D",
                   .plan_version = PlanVersionId::trusted("pv_2"),
                   .amount = Money(100, Currency::Inr),
                   .interval = "day"};
    EXPECT_EQ(reason_of(run(provider->create_price(daily))), "razorpay.interval_not_sold");
    EXPECT_EQ(count("plans"), 1U);
}

TEST_F(RazorpayProvider, AStartWaitsForThePersonWhoPays) {
    const auto who = customer();
    const auto started = must(run(provider->start_subscription(wanted(who, price()))));
    EXPECT_EQ(started.status, "incomplete");
    EXPECT_EQ(started.customer, who);
    EXPECT_EQ(started.authorization_url, twin->url() + "/p/subscription/" + started.id);
    EXPECT_EQ(started.period.start, started.period.end);
    EXPECT_EQ(started.metadata.at("turnpike_subscription"), "sub_01OURS");
    EXPECT_EQ(get("/v1/subscriptions/" + started.id).at("total_count"), 120);

    authorise(started.id);
    // The repeated start shows the present state, and makes no second one.
    const auto again = must(run(provider->start_subscription(wanted(who, price()))));
    EXPECT_EQ(again.id, started.id);
    EXPECT_EQ(again.status, "active");
    EXPECT_EQ(again.customer, who) << "the payer is another customer at Razorpay";
    EXPECT_EQ(again.period.start, clock.now());
    // 31 January at noon; the cycle ends with 27 February, at midnight in India.
    EXPECT_EQ(again.period.end, *parse_rfc3339("2027-02-27T18:30:00Z"));
    EXPECT_EQ(count("subscriptions"), 1U);
    EXPECT_EQ(taken(), 50'000);
}

TEST_F(RazorpayProvider, TakesNoPaymentMethod) {
    auto request = wanted(customer(), price());
    request.payment_method = "pm_card_visa";
    EXPECT_EQ(reason_of(run(provider->start_subscription(request))),
              "razorpay.method_needs_authorization");
    const std::string reason = "razorpay.method_needs_authorization";
    EXPECT_EQ(reason_of(run(provider->attach_payment_method("o", "cust_1", "pm_1"))), reason);
    EXPECT_EQ(reason_of(run(provider->set_default_payment_method("o", "cust_1", "pm_1"))), reason);
    EXPECT_EQ(reason_of(run(provider->detach_payment_method("o", "pm_1"))), reason);
    EXPECT_EQ(reason_of(run(provider->charge_subscription_with("o", "sub_1", "pm_1"))), reason);
    EXPECT_EQ(count("subscriptions"), 0U);
}

TEST_F(RazorpayProvider, NamesWhatRazorpayDoesNotHave) {
    EXPECT_EQ(reason_of(run(provider->open_portal({"cust_1", "https://x.test", {}}))),
              "razorpay.no_portal");
    const Instant now = clock.now();
    EXPECT_EQ(reason_of(run(provider->create_test_clock("o", "c", now))),
              "razorpay.no_test_clocks");
    EXPECT_EQ(reason_of(run(provider->advance_test_clock("o", "c", now))),
              "razorpay.no_test_clocks");
    EXPECT_EQ(reason_of(run(provider->get_test_clock("c"))), "razorpay.no_test_clocks");
    EXPECT_EQ(reason_of(run(provider->list_events(std::nullopt))), "razorpay.no_event_list");
    EXPECT_EQ(reason_of(run(provider->list_disputes(from_unix_seconds(0), std::nullopt))),
              "razorpay.no_dispute_list");
    EXPECT_EQ(reason_of(run(provider->create_customer({.customer = CustomerId::trusted("cus_1"),
                                                       .external_id = "x",
                                                       .email = std::nullopt,
                                                       .name = std::nullopt,
                                                       .test_clock = "clock_1"}))),
              "razorpay.no_test_clocks");
}

TEST_F(RazorpayProvider, ChargesAnUpgradeAtOnceAndPaysADowngradeBack) {
    const auto subscription = active();
    const auto dear = price(100'000, "price_dear");
    const auto upgraded = change(subscription, dear, "up");
    ASSERT_TRUE(upgraded) << upgraded.error().message;
    EXPECT_EQ(upgraded->price, dear);
    EXPECT_EQ(upgraded->period, subscription.period);
    // On the first day the whole difference is due.
    EXPECT_EQ(taken(), 100'000);
    EXPECT_EQ(change(subscription, dear, "up")->price, dear);
    EXPECT_EQ(change(subscription, dear, "up by another name")->price, dear);
    EXPECT_EQ(taken(), 100'000) << "once";

    const auto cheap = change(*upgraded, subscription.price, "down", ProrationBilling::NextInvoice);
    ASSERT_TRUE(cheap) << cheap.error().message;
    EXPECT_EQ(cheap->price, subscription.price);
    EXPECT_EQ(taken(), 50'000);
}

/// Razorpay takes no more cycles than fit into a hundred years: ten years of months are too many
/// years.
TEST_F(RazorpayProvider, ChangesToAPlanOfAnotherRhythm) {
    const auto subscription = active();
    const auto yearly = yearly_price();
    const auto changed = change(subscription, yearly, "yearly");
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(changed->price, yearly);
    // A new cycle begins at once, with the day before the anniversary as its last.
    EXPECT_EQ(changed->period.start, clock.now());
    EXPECT_EQ(changed->period.end, *parse_rfc3339("2028-01-30T18:30:00Z"));
    EXPECT_EQ(get("/v1/subscriptions/" + subscription.id).at("remaining_count"), 10);
    EXPECT_EQ(change(*changed, subscription.price, "monthly again")->price, subscription.price);
    EXPECT_EQ(get("/v1/subscriptions/" + subscription.id).at("remaining_count"), 120);
}

TEST_F(RazorpayProvider, AMandateIsFixed) {
    for (const char* method : {"upi", "emandate"}) {
        SCOPED_TRACE(method);
        const auto who = customer(method);
        const auto started = must(run(
            provider->start_subscription(wanted(who, price(), std::string("start:") + method))));
        authorise(started.id, std::string("&method=") + method);
        EXPECT_EQ(reason_of(change(started, price(100'000, "price_dear"), method)),
                  "razorpay.mandate_is_fixed");
        const auto methods = must(run(provider->list_payment_methods(who)));
        ASSERT_EQ(methods.size(), 1U);
        EXPECT_EQ(methods[0].brand, method);
        EXPECT_TRUE(methods[0].is_default);
    }
}

TEST_F(RazorpayProvider, ARefusedChangeIsFinalForItsObligation) {
    const auto started = must(run(provider->start_subscription(wanted(customer(), price()))));
    const auto dear = price(100'000, "price_dear");
    const auto early = change(started, dear, "too early");
    EXPECT_EQ(reason_of(early), "payment.refused");
    EXPECT_EQ(early.error().code, ErrorCode::Conflict);
    authorise(started.id);
    EXPECT_EQ(reason_of(change(started, dear, "too early")), "payment.refused");
    EXPECT_TRUE(change(started, dear, "now"));
}

TEST_F(RazorpayProvider, CancelsNowHoweverOftenItIsAsked) {
    const auto subscription = active();
    order("POST /v1/subscriptions/*/cancel", "timeout_after_commit");
    const auto ended = cancel(subscription.id, CancelWhen::Now);
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->status, "canceled");
    EXPECT_EQ(ended->ended_at, clock.now());
    EXPECT_FALSE(ended->authorization_url);
    EXPECT_EQ(cancel(subscription.id, CancelWhen::Now)->status, "canceled");
    EXPECT_EQ(cancel(subscription.id, CancelWhen::Now, "somebody else")->status, "canceled");
    EXPECT_EQ(reason_of(cancel("sub_00000000000000", CancelWhen::Now, "none")), "payment.refused");
}

TEST_F(RazorpayProvider, EndsWithTheCycleAndRemembersIt) {
    const auto subscription = active();
    EXPECT_EQ(cancel(subscription.id, CancelWhen::Never)->status, "active") << "nothing to keep";
    const auto planned = cancel(subscription.id, CancelWhen::AtPeriodEnd);
    ASSERT_TRUE(planned) << planned.error().message;
    EXPECT_EQ(planned->status, "active");
    EXPECT_TRUE(planned->cancel_at_period_end);
    EXPECT_EQ(planned->cancel_at, subscription.period.end);

    // Razorpay does not tell; we do, in every read.
    EXPECT_TRUE(must(run(provider->get_subscription(subscription.id))).cancel_at_period_end);
    const auto page = must(run(provider->list_subscriptions(std::nullopt, std::nullopt)));
    EXPECT_TRUE(page.items.at(0).cancel_at_period_end);
    EXPECT_EQ(reason_of(cancel(subscription.id, CancelWhen::Never)),
              "razorpay.cancellation_is_final");

    pass(40 * kDay);
    const auto ended = must(run(provider->get_subscription(subscription.id)));
    EXPECT_EQ(ended.status, "canceled");
    EXPECT_EQ(ended.ended_at, subscription.period.end);
    EXPECT_EQ(taken(), 50'000);
    EXPECT_EQ(cancel(subscription.id, CancelWhen::AtPeriodEnd, "late")->status, "canceled");
}

/// Another rhythm would begin a cycle with another end than the one that Razorpay keeps.
TEST_F(RazorpayProvider, APlannedEndIsKeptThroughAChange) {
    const auto subscription = active();
    ASSERT_TRUE(cancel(subscription.id, CancelWhen::AtPeriodEnd));
    const auto yearly = yearly_price();
    EXPECT_EQ(reason_of(change(subscription, yearly, "yearly")), "razorpay.cancellation_is_final");
    EXPECT_EQ(get("/v1/subscriptions/" + subscription.id).at("plan_id"), subscription.price);

    const auto dear = change(subscription, price(100'000, "price_dear"), "up");
    ASSERT_TRUE(dear) << dear.error().message;
    EXPECT_TRUE(dear->cancel_at_period_end);
    EXPECT_EQ(dear->cancel_at, subscription.period.end);
    EXPECT_EQ(reason_of(cancel(subscription.id, CancelWhen::Never)),
              "razorpay.cancellation_is_final");
}

TEST_F(RazorpayProvider, EndsWithACycleOnlyWhenOneRuns) {
    const auto started = must(run(provider->start_subscription(wanted(customer(), price()))));
    EXPECT_EQ(reason_of(cancel(started.id, CancelWhen::AtPeriodEnd)), "razorpay.no_running_cycle");
    EXPECT_EQ(cancel(started.id, CancelWhen::Now)->status, "canceled");
}

TEST_F(RazorpayProvider, FollowsTheMonthsAsIndiaCountsThem) {
    const auto subscription = active();
    pass(31 * kDay);  // 3 March
    const auto second = must(run(provider->get_subscription(subscription.id)));
    // Begun on 31 January: the second cycle ends on 30 March, at midnight in India.
    EXPECT_EQ(second.period.start, subscription.period.end);
    EXPECT_EQ(second.period.end, *parse_rfc3339("2027-03-30T18:30:00Z"));
    EXPECT_EQ(taken(), 100'000);
}

TEST_F(RazorpayProvider, ReadsEachState) {
    const auto subscription = active();
    const auto status = [&] {
        return must(run(provider->get_subscription(subscription.id))).status;
    };
    post("/v1/subscriptions/" + subscription.id + "/pause", Json{{"pause_at", "now"}});
    EXPECT_EQ(status(), "paused");
    post("/v1/subscriptions/" + subscription.id + "/resume", Json{{"resume_at", "now"}});
    EXPECT_EQ(status(), "active");
    post(kControls + "/subscriptions/" + subscription.id + "/instrument",
         Json{{"charges", "fail"}});
    pass(28 * kDay);
    EXPECT_EQ(status(), "past_due");
    pass(4 * kDay);
    EXPECT_EQ(status(), "unpaid");
    EXPECT_TRUE(must(run(provider->get_subscription(subscription.id))).authorization_url)
        << "there the customer chooses another card";

    const Json later{{"plan_id", subscription.price},
                     {"total_count", 12},
                     {"start_at", unix_seconds(clock.now()) + 90 * kDay}};
    const auto future = post("/v1/subscriptions", later).at("id").get<std::string>();
    authorise(future);
    const auto waiting = must(run(provider->get_subscription(future)));
    EXPECT_EQ(waiting.status, "trialing");
    EXPECT_EQ(waiting.period.end, clock.now() + std::chrono::seconds(90 * kDay));
    EXPECT_TRUE(waiting.metadata.empty()) << "its notes are []";
}

TEST_F(RazorpayProvider, ReadsEveryPage) {
    const Json body{{"plan_id", price()}, {"total_count", 1}};
    for (int i = 0; i < 201; ++i) post("/v1/subscriptions", body);
    std::set<std::string> seen;
    std::optional<std::string> after;
    int pages = 0;
    do {
        const auto page = must(run(provider->list_subscriptions(std::nullopt, after)));
        for (const auto& item : page.items) seen.insert(item.id);
        after = page.next;
        ++pages;
    } while (after);
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(seen.size(), 201U);
    EXPECT_EQ(reason_of(run(provider->list_subscriptions(std::nullopt, "-1"))), "payment.refused");
}

TEST_F(RazorpayProvider, ListsWhatConcernsOneCustomer) {
    // This payer gives the customer's own e-mail address, and is that customer at Razorpay, too.
    const auto subscription = active("&email=acme@example.org");
    const auto other = customer("other");
    const auto theirs = must(run(provider->start_subscription(wanted(other, price(), "start:2"))));
    authorise(theirs.id);
    pass(28 * kDay);
    const auto own = post("/v1/invoices", Json{{"customer_id", subscription.customer},
                                               {"line_items", {{{"name", "x"}, {"amount", 500}}}}});

    const auto listed = must(run(provider->list_subscriptions(other, std::nullopt)));
    ASSERT_EQ(listed.items.size(), 1U);
    EXPECT_EQ(listed.items[0].id, theirs.id);
    const auto bills = must(run(provider->list_invoices(subscription.customer, std::nullopt)));
    ASSERT_EQ(bills.items.size(), 3U) << "its own, and two months";
    EXPECT_EQ(bills.items[0].id, own.at("id").get<std::string>());
    EXPECT_EQ(bills.items[1].subscription, subscription.id);
    EXPECT_EQ(bills.items[1].period.start, subscription.period.end);
    EXPECT_EQ(bills.items[2].period, subscription.period);
    EXPECT_FALSE(bills.next);
    EXPECT_EQ(must(run(provider->list_invoices(other, std::nullopt))).items.size(), 2U);
    const auto all = must(run(provider->list_invoices(std::nullopt, std::nullopt)));
    EXPECT_EQ(all.items.size(), 5U);
}

TEST_F(RazorpayProvider, TextThatIsNoIdNeverLeaves) {
    for (const char* odd : {"", "..", "sub_1/../x", "sub 1", "sub_1?x=y", "sub\r\nX: y"}) {
        EXPECT_EQ(reason_of(run(provider->get_subscription(odd))), "payment.refused");
        EXPECT_EQ(reason_of(run(provider->get_invoice(odd))), "payment.refused");
        EXPECT_EQ(reason_of(run(provider->get_price(odd))), "payment.refused");
        EXPECT_EQ(reason_of(cancel(odd, CancelWhen::Now, odd)), "payment.refused");
    }
}

TEST_F(RazorpayProvider, NoSecretComesOutOfAnError) {
    must(run(provider->probe()));
    auto config = quick(way_to_twin());
    config.key_secret = "another5ecret";
    connect(config);
    const auto refused = run(provider->probe());
    EXPECT_EQ(reason_of(refused), "payment.provider_down");
    EXPECT_EQ(refused.error().message.find("5ecret"), std::string::npos);
    EXPECT_NE(run(provider->health()).client.last_problem, "");
    EXPECT_EQ(run(provider->health()).client.last_problem.find("5ecret"), std::string::npos);
}

}  // namespace
}  // namespace turnpike::razorpay
