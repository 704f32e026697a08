#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Instant at(const char* text) { return *parse_rfc3339(text); }
const Json& lines_of_invoice(const Json& invoice) { return invoice["lines"]["data"]; }

/// A customer at 2026-03-01T12:00:00Z, a meter that adds up, and prices over it.
class MeteredItems : public ::testing::Test {
protected:
    std::string price_of(const std::string& form) {
        return text_of(sandbox_.post("/v1/prices", "currency=usd&product=" + product_ + "&" + form),
                       "id");
    }
    std::string metered(const std::string& form) {
        return price_of(
            "recurring[interval]=month&recurring[usage_type]=metered&recurring[meter]=" + meter_ +
            "&" + form);
    }
    Json subscribe(const std::string& items, const std::string& more = "") {
        return sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&" + items +
                                                      "&expand[]=latest_invoice" + more);
    }
    void use(const std::string& value, const char* moment) {
        sandbox_.post("/v1/billing/meter_events",
                      "event_name=calls&payload[stripe_customer_id]=" + customer_ +
                          "&payload[value]=" + value +
                          "&timestamp=" + std::to_string(unix_seconds(at(moment))));
    }
    void advance(const char* moment) { sandbox_.run_until(at(moment)); }
    std::vector<Json> invoices(const std::string& subscription) {
        return sandbox_.get("/v1/invoices", "limit=100&subscription=" + subscription)["data"]
            .get<std::vector<Json>>();
    }
    Json last_invoice(const std::string& subscription) { return invoices(subscription).front(); }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string product_ = text_of(sandbox_.post("/v1/products", "name=API&unit_label=call"), "id");
    std::string meter_ =
        text_of(sandbox_.post("/v1/billing/meters",
                              "display_name=c&event_name=calls&default_aggregation[formula]=sum"),
                "id");
};

TEST_F(MeteredItems, AreBilledWhenTheirPeriodIsOver) {
    const std::string seats = sandbox_.price("Seats", 1000);
    const std::string calls = metered("unit_amount_decimal=0.4");
    const Json subscription = subscribe("items[0][price]=" + seats + "&items[1][price]=" + calls);
    const std::string id = text_of(subscription, "id");
    EXPECT_EQ(subscription["status"], "active");
    EXPECT_FALSE(subscription["items"]["data"][1].contains("quantity"));
    EXPECT_THAT(amounts_of(lines_of_invoice(subscription["latest_invoice"])), ElementsAre(1000));

    use("1000", "2026-03-01T12:00:00Z");
    use("500", "2026-03-01T12:05:00Z");
    advance("2026-03-20T00:00:00Z");
    use("31", "2026-03-19T00:00:00Z");
    advance("2026-04-01T14:00:00Z");
    const Json invoice = last_invoice(id);
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["billing_reason"], "subscription_cycle");
    // 1,531 x 0.4 cents = 612.4 cents
    EXPECT_THAT(amounts_of(lines_of_invoice(invoice)), ElementsAre(1000, 612));
    const Json& line = lines_of_invoice(invoice)[1];
    EXPECT_EQ(line["description"], "1531 call × API (at $0.004 / month)");
    EXPECT_EQ(line["quantity"], 1531);
    EXPECT_EQ(line["period"]["start"], unix_seconds(at("2026-03-01T12:00:00Z")));
    EXPECT_EQ(line["period"]["end"], unix_seconds(at("2026-04-01T12:00:00Z")));
    EXPECT_EQ(line["pricing"]["unit_amount_decimal"], "0.4");
    EXPECT_EQ(lines_of_invoice(invoice)[0]["period"]["start"],
              unix_seconds(at("2026-04-01T12:00:00Z")));

    advance("2026-05-01T14:00:00Z");
    EXPECT_THAT(texts_of(lines_of_invoice(last_invoice(id)), "description"),
                ElementsAre("1 × Seats (at $10.00 / month)", "0 call × API (at $0.004 / month)"));
}

TEST_F(MeteredItems, UsageThatComesBeforeTheDraftIsClosedIsOnIt) {
    const Json subscription = subscribe("items[0][price]=" + metered("unit_amount=100"));
    EXPECT_EQ(subscription["status"], "active");
    EXPECT_THAT(lines_of_invoice(subscription["latest_invoice"]), IsEmpty());
    const std::string id = text_of(subscription, "id");
    advance("2026-04-01T12:30:00Z");
    EXPECT_EQ(last_invoice(id)["status"], "draft");
    EXPECT_EQ(last_invoice(id)["total"], 0);
    use("7", "2026-04-01T11:59:59Z");  // still of March
    use("9", "2026-04-01T12:00:00Z");  // April's first
    advance("2026-04-01T13:30:00Z");
    EXPECT_EQ(last_invoice(id)["status"], "paid");
    EXPECT_EQ(last_invoice(id)["total"], 700);
    advance("2026-05-01T14:00:00Z");
    EXPECT_EQ(last_invoice(id)["total"], 900);
}

TEST_F(MeteredItems, KeepsWhatWasSaidOfALineWhoseUsageGrows) {
    const std::string id =
        text_of(subscribe("items[0][price]=" + metered("unit_amount=100")), "id");
    advance("2026-04-01T12:30:00Z");
    const Json draft = last_invoice(id);
    sandbox_.post("/v1/invoices/" + text_of(draft, "id") + "/update_lines",
                  "lines[0][id]=" + text_of(lines_of_invoice(draft)[0], "id") +
                      "&lines[0][description]=Calls&lines[0][metadata][a]=b");
    use("7", "2026-04-01T11:59:59Z");
    advance("2026-04-01T13:30:00Z");
    const Json line = lines_of_invoice(last_invoice(id))[0];
    EXPECT_EQ(line["amount"], 700);
    EXPECT_EQ(line["description"], "Calls");
    EXPECT_EQ(line["metadata"], (Json{{"a", "b"}}));
}

TEST_F(MeteredItems, TiersAreLinesOfTheirOwn) {
    const std::string calls = metered(
        "billing_scheme=tiered&tiers_mode=graduated&tiers[0][up_to]=1000&"
        "tiers[0][flat_amount]=900&tiers[1][up_to]=inf&tiers[1][unit_amount_decimal]=3.6");
    const std::string id = text_of(subscribe("items[0][price]=" + calls), "id");
    use("1031", "2026-03-01T12:00:00Z");
    advance("2026-04-01T14:00:00Z");
    const Json invoice = last_invoice(id);
    EXPECT_THAT(
        texts_of(lines_of_invoice(invoice), "description"),
        ElementsAre("1000 call × API (Tier 1 at $0.00 / month)", "API (Tier 1 at $9.00 / month)",
                    "31 call × API (Tier 2 at $0.036 / month)"));
    EXPECT_THAT(amounts_of(lines_of_invoice(invoice)), ElementsAre(0, 900, 112));
    EXPECT_EQ(invoice["total"], 1012);
    EXPECT_EQ(lines_of_invoice(invoice)[1]["quantity"], 0);
    EXPECT_TRUE(lines_of_invoice(invoice)[1]["pricing"]["unit_amount_decimal"].is_null());
}

TEST_F(MeteredItems, LicensedTiersAreBilledInAdvanceAndCreditedWhole) {
    const std::string tiers =
        "&tiers[0][up_to]=5&tiers[0][unit_amount]=1000&tiers[1][up_to]=inf&"
        "tiers[1][unit_amount]=800&recurring[interval]=month&billing_scheme=tiered&tiers_mode=";
    const std::string volume = price_of(tiers + "volume");
    const Json all = subscribe("items[0][price]=" + volume + "&items[0][quantity]=6");
    EXPECT_THAT(texts_of(lines_of_invoice(all["latest_invoice"]), "description"),
                ElementsAre("6 call × API (Tier 2 at $8.00 / month)"));
    EXPECT_EQ(all["latest_invoice"]["total"], 4800);

    const std::string graduated = price_of(tiers + "graduated");
    const Json steps = subscribe("items[0][price]=" + graduated + "&items[0][quantity]=6");
    EXPECT_THAT(amounts_of(lines_of_invoice(steps["latest_invoice"])), ElementsAre(5000, 800));
    // Half of the month is over: 31 days, 15.5 of them. -5800/2, and 5 x 1000/2.
    advance("2026-03-17T00:00:00Z");
    const Json changed = sandbox_.post(
        "/v1/subscriptions/" + text_of(steps, "id"),
        "items[0][id]=" + text_of(steps["items"]["data"][0], "id") +
            "&items[0][quantity]=5&proration_behavior=always_invoice&expand[]=latest_invoice");
    const Json& lines = lines_of_invoice(changed["latest_invoice"]);
    EXPECT_THAT(amounts_of(lines), ElementsAre(-2900, 2500));
    EXPECT_EQ(lines[0]["parent"]["subscription_item_details"]["proration_details"]["credited_items"]
                   ["invoice_line_items"]
                       .size(),
              2U);
}

TEST_F(MeteredItems, DiscountsComeOffEveryLine) {
    sandbox_.post("/v1/coupons", "id=half&percent_off=50");
    const std::string calls = metered(
        "billing_scheme=tiered&tiers_mode=graduated&tiers[0][up_to]=10&tiers[0][unit_amount]=100&"
        "tiers[1][up_to]=inf&tiers[1][unit_amount]=50");
    const std::string id =
        text_of(subscribe("items[0][price]=" + calls, "&discounts[0][coupon]=half"), "id");
    advance("2026-04-01T12:30:00Z");
    use("12", "2026-04-01T11:00:00Z");  // after the draft was made
    advance("2026-04-01T14:00:00Z");
    // 10 x 100 and 2 x 50, half of it
    EXPECT_EQ(last_invoice(id)["subtotal"], 1100);
    EXPECT_EQ(last_invoice(id)["total"], 550);
}

TEST_F(MeteredItems, HaveNoQuantity) {
    const std::string calls = metered("unit_amount=100");
    const auto refused = sandbox_.refused(
        "/v1/subscriptions",
        "customer=" + customer_ + "&items[0][price]=" + calls + "&items[0][quantity]=2");
    EXPECT_EQ(refused.param, "items[0][quantity]");
    EXPECT_EQ(refused.message,
              "Quantity should not be specified where usage_type is `metered`. Remove quantity "
              "from `items[0]`.");
    const Json subscription = subscribe("items[0][price]=" + calls);
    EXPECT_EQ(sandbox_
                  .refused("/v1/subscriptions/" + text_of(subscription, "id"),
                           "items[0][id]=" + text_of(subscription["items"]["data"][0], "id") +
                               "&items[0][quantity]=2")
                  .param,
              "items[0][quantity]");
    EXPECT_EQ(
        sandbox_
            .refused("/v1/subscription_items/" + text_of(subscription["items"]["data"][0], "id"),
                     "quantity=2")
            .param,
        "quantity");
}

TEST_F(MeteredItems, StayThroughThePhasesOfASchedule) {
    const std::string calls = metered("unit_amount=100");
    const std::string seats = sandbox_.price("Seats", 1000);
    const Json schedule = sandbox_.post(
        "/v1/subscription_schedules",
        "customer=" + customer_ + "&start_date=now&phases[0][items][0][price]=" + calls +
            "&phases[0][duration][interval]=month&phases[0][duration][interval_count]=1"
            "&phases[1][items][0][price]=" +
            calls + "&phases[1][items][1][price]=" + seats +
            "&phases[1][duration][interval]=month&phases[1][duration][interval_count]=1");
    EXPECT_EQ(schedule["phases"][0]["items"][0]["quantity"], nullptr);
    const std::string id = text_of(schedule, "subscription");
    sandbox_.post("/v1/subscriptions/" + id, "metadata[team]=north");
    EXPECT_EQ(sandbox_.get("/v1/subscription_schedules/" + text_of(schedule, "id"))["phases"],
              schedule["phases"]);
    use("2", "2026-03-01T12:00:00Z");
    advance("2026-04-01T14:00:00Z");
    const Json now = sandbox_.get("/v1/subscriptions/" + id);
    ASSERT_EQ(now["items"]["data"].size(), 2U);
    EXPECT_FALSE(now["items"]["data"][0].contains("quantity"));
    std::int64_t billed = 0;
    for (const Json& invoice : invoices(id)) billed += integer_of(invoice, "total");
    EXPECT_EQ(billed, 200 + 1000);
}

TEST_F(MeteredItems, ChangeOfPriceBillsWhatWasUsedUnderTheOldOne) {
    const std::string cheap = metered("unit_amount=100");
    const std::string dear = metered("unit_amount=300");
    const Json subscription = subscribe("items[0][price]=" + cheap);
    const std::string id = text_of(subscription, "id");
    use("2", "2026-03-01T12:00:00Z");
    advance("2026-03-10T12:00:00Z");
    const Json changed =
        sandbox_.post("/v1/subscriptions/" + id,
                      "items[0][id]=" + text_of(subscription["items"]["data"][0], "id") +
                          "&items[0][price]=" + dear);
    EXPECT_FALSE(changed["items"]["data"][0].contains("quantity"));
    use("5", "2026-03-10T12:00:00Z");
    advance("2026-04-01T14:00:00Z");
    const Json invoice = last_invoice(id);
    EXPECT_THAT(texts_of(lines_of_invoice(invoice), "description"),
                ElementsAre("2 call × API (at $1.00 / month)", "5 call × API (at $3.00 / month)"));
    EXPECT_EQ(invoice["total"], 200 + 1500);
    for (const Json& line : lines_of_invoice(invoice)) {
        const Json& details = part_of(part_of(line, "parent"), "subscription_item_details");
        EXPECT_FALSE(flag_of(details, "proration"));
    }
}

TEST_F(MeteredItems, CancelBillsTheRestWhenTold) {
    const std::string calls = metered("unit_amount=100");
    const std::string silent = text_of(subscribe("items[0][price]=" + calls), "id");
    const std::string billed = text_of(subscribe("items[0][price]=" + calls), "id");
    const std::string later = text_of(subscribe("items[0][price]=" + calls), "id");
    use("2", "2026-03-01T12:00:00Z");
    advance("2026-03-10T12:00:00Z");
    use("1", "2026-03-10T12:00:00Z");  // in the second of the end
    sandbox_.remove("/v1/subscriptions/" + silent);
    EXPECT_EQ(invoices(silent).size(), 1U);
    sandbox_.remove("/v1/subscriptions/" + billed, "invoice_now=true&prorate=true");
    const Json invoice = last_invoice(billed);
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["total"], 300);
    EXPECT_EQ(lines_of_invoice(invoice)[0]["period"]["end"],
              unix_seconds(at("2026-03-10T12:00:00Z")));

    sandbox_.post("/v1/subscriptions/" + later, "cancel_at_period_end=true");
    use("4", "2026-03-10T12:00:01Z");
    advance("2026-04-01T14:00:00Z");
    EXPECT_EQ(last_invoice(later)["total"], 700);
    EXPECT_EQ(last_invoice(later)["status"], "paid");
}

TEST_F(MeteredItems, TrialsAreFree) {
    const std::string calls = metered("unit_amount=100");
    const Json subscription =
        subscribe("items[0][price]=" + calls,
                  "&trial_end=" + std::to_string(unix_seconds(at("2026-03-11T12:00:00Z"))));
    use("3", "2026-03-01T12:00:00Z");
    advance("2026-03-11T14:00:00Z");
    use("5", "2026-03-11T12:00:00Z");
    advance("2026-04-11T14:00:00Z");
    const auto all = invoices(text_of(subscription, "id"));
    ASSERT_EQ(all.size(), 3U);  // of the trial, of its end, of the first cycle
    EXPECT_EQ(all[1]["total"], 0);
    EXPECT_EQ(all[0]["total"], 500);
}

TEST_F(MeteredItems, PreviewsShowWhatWasUsedSoFar) {
    const std::string calls = metered("unit_amount=100");
    const std::string id = text_of(subscribe("items[0][price]=" + calls), "id");
    use("3", "2026-03-01T12:00:00Z");
    advance("2026-03-10T12:00:00Z");
    use("1", "2026-03-10T12:00:00Z");
    const Json preview = sandbox_.post("/v1/invoices/create_preview", "subscription=" + id);
    EXPECT_EQ(preview["total"], 400);
    EXPECT_EQ(last_invoice(id)["total"], 0);  // nothing was stored
}

TEST_F(MeteredItems, NegativeUsageCountsAsNothing) {
    const std::string id =
        text_of(subscribe("items[0][price]=" + metered("unit_amount=100")), "id");
    use("3", "2026-03-01T12:00:00Z");
    use("-5", "2026-03-01T12:01:00Z");
    advance("2026-04-01T14:00:00Z");
    EXPECT_EQ(last_invoice(id)["total"], 0);
    EXPECT_EQ(lines_of_invoice(last_invoice(id))[0]["quantity"], 0);
}

TEST_F(MeteredItems, PackagesAreBilledAsBegun) {
    const std::string id = text_of(
        subscribe("items[0][price]=" + metered("unit_amount=500&transform_quantity[divide_by]=10&"
                                               "transform_quantity[round]=up")),
        "id");
    use("21", "2026-03-01T12:00:00Z");
    advance("2026-04-01T14:00:00Z");
    EXPECT_EQ(last_invoice(id)["total"], 1500);
    EXPECT_EQ(lines_of_invoice(last_invoice(id))[0]["quantity"], 21);
}

TEST_F(MeteredItems, AreBilledInTheSubscriptionsCurrency) {
    const std::string calls = metered("unit_amount=100&currency_options[eur][unit_amount]=90");
    const Json subscription = subscribe("items[0][price]=" + calls, "&currency=eur");
    use("3", "2026-03-01T12:00:00Z");
    advance("2026-04-01T14:00:00Z");
    const Json invoice = last_invoice(text_of(subscription, "id"));
    EXPECT_EQ(invoice["currency"], "eur");
    EXPECT_EQ(invoice["total"], 270);
    EXPECT_EQ(lines_of_invoice(invoice)[0]["currency"], "eur");
}

}  // namespace
}  // namespace turnpike::twin
