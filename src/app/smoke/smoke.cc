#include "app/smoke/smoke.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "app/smoke/smoke_run.h"
#include "base/time.h"

namespace turnpike {
namespace {

Json usage_batch(const std::string& run, const std::string& customer, int first, int count) {
    Json batch = Json::array();
    for (int i = first; i < first + count; ++i)
        batch.push_back(Json{{"specversion", "1.0"},
                             {"id", fmt::format("{}-{}", run, i)},
                             {"source", "smoke"},
                             {"type", "api.call"},
                             {"subject", customer},
                             {"data", {{"quantity", 1}}}});
    return batch;
}

void look_around(SmokeRun& run) {
    run.step("The server is up and shows its prices");
    run.expect_status(run.get("/healthz", ""), 200, "GET /healthz");
    run.expect_status(run.get("/readyz", ""), 200, "GET /readyz");
    const auto pricing = run.get("/pricing", "");
    run.expect(pricing, "/tiers/0/tier", "free", "first tier");
    run.expect(pricing, "/tiers/2/price_amount", "9900", "PRO costs, in cents");
}

struct Subscriber {
    std::string customer, token, clock;
    Instant start;
};

Subscriber make_customer(SmokeRun& run, const std::string& name, Instant start) {
    const auto clock = run.post("/v1/test_clocks", run.admin(),
                                Json{{"name", name}, {"frozen_time", format_rfc3339(start)}});
    run.expect_status(clock, 201, "POST /v1/test_clocks");
    const auto customer = run.fresh(name);
    const auto clock_id = value_at(clock.body, "/id");
    const auto made = run.post("/v1/customers", run.admin(),
                               Json{{"external_id", customer}, {"test_clock", clock_id}});
    run.expect_status(made, 201, "POST /v1/customers");
    return {customer, run.token_of(customer), clock_id, start};
}

void subscribe_and_use(SmokeRun& run, const Subscriber& pro) {
    run.step("A customer subscribes to PRO with a Visa card");
    const auto subscribed = run.post("/billing/subscribe", pro.token,
                                     Json{{"tier", "pro"}, {"payment_method_id", "pm_card_visa"}});
    run.expect_status(subscribed, 200, "POST /billing/subscribe");
    run.expect(subscribed, "/status", "active", "status");
    const auto first = run.get("/billing/invoices", pro.token);
    run.expect(first, "/data/0/total/amount", "9900", "first invoice, in cents");
    run.expect(first, "/data/0/status", "paid", "first invoice is");

    run.step("12,345 calls are metered, each once");
    constexpr int kCalls = 12'345;
    constexpr int kBatch = 1'000;
    int accepted = 0;
    for (int at = 0; at < kCalls; at += kBatch) {
        const int count = std::min(kBatch, kCalls - at);
        const auto sent =
            run.post("/v1/events", run.admin(), usage_batch(pro.customer, pro.customer, at, count));
        const auto number = value_at(sent.body, "/accepted");
        if (sent.status == 200 && number == std::to_string(count)) accepted += count;
    }
    run.report(accepted == kCalls, "events accepted", std::to_string(accepted),
               std::to_string(kCalls));
    const auto again =
        run.post("/v1/events", run.admin(), usage_batch(pro.customer, pro.customer, 0, 100));
    run.expect(again, "/accepted", "0", "accepted when 100 are sent again");
    const auto status = run.get("/billing/status", pro.token);
    run.expect(status, "/usage/current", "12345", "usage");
    run.expect(status, "/usage/overage", "2345", "overage");
}

void close_the_period(SmokeRun& run, const Subscriber& pro, Instant past_renewal) {
    run.step("The month ends: overage is billed beside the next month's price");
    const auto advanced = run.post("/v1/test_clocks/" + pro.clock + "/advance", run.admin(),
                                   Json{{"frozen_time", format_rfc3339(past_renewal)}});
    run.expect_status(advanced, 200, "POST /v1/test_clocks/{id}/advance");
    const auto invoices = run.get("/billing/invoices", pro.token);
    run.expect(invoices, "/data/0/billing_reason", "subscription_cycle", "newest invoice");
    run.expect(invoices, "/data/0/status", "paid", "it is");
    run.expect(invoices, "/data/0/total/amount", "14590", "it comes to, in cents");
    int overage_lines = 0, plan_lines = 0;
    if (invoices.body.contains(Json::json_pointer("/data/0/lines")))
        for (const auto& line : invoices.body["data"][0]["lines"]) {
            const auto kind = value_at(line, "/kind");
            const auto amount = value_at(line, "/amount/amount");
            if (kind == "overage" && amount == "4690") ++overage_lines;
            if (kind == "plan" && amount == "9900") ++plan_lines;
        }
    run.report(overage_lines == 1, "lines of $46.90 overage", std::to_string(overage_lines), "1");
    run.report(plan_lines == 1, "lines of $99.00 for the plan", std::to_string(plan_lines), "1");
    run.expect(run.get("/billing/status", pro.token), "/usage/current", "0",
               "usage in the new month");
}

void hold_the_limit(SmokeRun& run) {
    run.step("FREE is stopped at its limit");
    const auto customer = run.fresh("free");
    const auto token = run.token_of(customer);
    run.expect_status(run.get("/billing/status", token), 200, "GET /billing/status");
    const auto consume = [&](int quantity, const std::string& id) {
        return run.post("/v1/usage/consume", run.admin(),
                        Json{{"customer", customer},
                             {"meter", "api_calls"},
                             {"quantity", quantity},
                             {"source", "smoke"},
                             {"id", id}});
    };
    run.expect_status(consume(99, customer + "-a"), 200, "99 calls");
    run.expect_status(consume(1, customer + "-b"), 200, "call 100");
    const auto denied = consume(1, customer + "-c");
    run.expect_status(denied, 402, "call 101");
    run.expect(denied, "/code", "limit_exceeded", "because");
    run.expect(denied, "/limit", "100", "the limit");
    run.expect(run.get("/billing/status", token), "/usage/current", "100", "recorded in all");
}

void decline_a_card(SmokeRun& run) {
    run.step("A declined card leaves nothing behind");
    const auto token = run.token_of(run.fresh("declined"));
    const auto declined =
        run.post("/billing/subscribe", token,
                 Json{{"tier", "starter"}, {"payment_method_id", "pm_card_visa_chargeDeclined"}});
    run.expect_status(declined, 402, "POST /billing/subscribe");
    run.expect(declined, "/decline_code", "generic_decline", "decline code");
    run.expect(run.get("/billing/status", token), "/has_subscription", "false",
               "has a subscription");
}

void cancel_and_check(SmokeRun& run, const Subscriber& pro) {
    run.step("The customer cancels");
    const auto later = run.post("/billing/cancel", pro.token, Json::object());
    run.expect_status(later, 200, "POST /billing/cancel");
    run.expect(later, "/status", "active", "until the period ends it is");
    const auto now = run.post("/billing/cancel", pro.token, Json{{"immediate", true}});
    run.expect_status(now, 200, "POST /billing/cancel at once");
    run.expect(run.get("/billing/status", pro.token), "/has_subscription", "false",
               "has a subscription");

    run.step("Provider and ledger agree, and the figures show it");
    const auto compared = run.post("/v1/reconciliations", run.admin(), Json{{"mode", "report"}});
    run.expect_status(compared, 200, "POST /v1/reconciliations");
    run.expect(compared, "/differences", "[]", "differences");
    const auto stats = run.get("/billing/admin/stats", run.admin());
    run.expect_status(stats, 200, "GET /billing/admin/stats");
    run.expect_status(run.get("/billing/status", "not-a-token"), 401, "a forged token");
    run.expect(run.get("/health/billing", ""), "/status", "ok", "GET /health/billing");
}

}  // namespace

void sell_api_calls(SmokeRun& run) {
    look_around(run);
    const Instant start = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
    const auto pro = make_customer(run, "pro", start);
    subscribe_and_use(run, pro);
    // Any month is over after 31 days, and no second one; the draft stays open for one more hour.
    close_the_period(run, pro, start + std::chrono::days(31) + std::chrono::hours(2));
    hold_the_limit(run);
    decline_a_card(run);
    cancel_and_check(run, pro);
}

bool run_smoke(const SmokeTarget& target) {
    SmokeRun run(target);
    sell_api_calls(run);
    sell_to_organization(run);
    sell_lessons(run);
    sell_attribution(run);
    return run.finish();
}

}  // namespace turnpike
