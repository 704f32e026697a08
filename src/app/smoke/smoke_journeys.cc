// What the other three published interfaces are for, once each.
#include "app/smoke/smoke_run.h"

namespace turnpike {
namespace {

std::string id_of_slug(const Json& plans, std::string_view slug) {
    for (const Json& plan : plans.value("data", Json::array()))
        if (plan.value("slug", "") == slug) return plan.value("id", "");
    return "";
}

}  // namespace

void sell_to_organization(SmokeRun& run) {
    run.step("saas-orgs: an organization of three invites until it has no room, and buys more");
    const auto owner = run.token_of(run.fresh("olga"));
    const auto made = run.post("/v1/organizations", owner, Json{{"name", "Acme, Inc."}});
    run.expect_status(made, 201, "POST /v1/organizations");
    const auto id = value_at(made.body, "/id");
    const auto invite = [&](const std::string& guest) {
        return run.post("/v1/organizations/" + id + "/invitations", owner,
                        Json{{"email", run.fresh(guest) + "@example.com"}});
    };
    run.expect_status(invite("bob"), 201, "the second one");
    run.expect_status(invite("carol"), 201, "the third one");
    const auto full = invite("dave");
    run.expect_status(full, 403, "the fourth one");
    run.expect(full, "/limit", "3", "the limit");
    run.expect(full, "/upgrade/plan", "pro", "what would help");
    const auto plans = run.get("/api/plans", "");
    run.expect_status(plans, 200, "GET /api/plans");
    const auto bought = run.post("/api/subscriptions", owner,
                                 Json{{"plan_id", id_of_slug(plans.body, "pro")},
                                      {"organization_id", id},
                                      {"payment_method_id", "pm_card_visa"}});
    run.expect_status(bought, 201, "POST /api/subscriptions");
    run.expect(bought, "/price_amount", "4900", "Professional costs, in cents");
    run.expect(run.get("/api/subscriptions/organization/" + id, owner), "/data/0/status", "active",
               "the subscription");
    run.expect_status(invite("dave"), 201, "the fourth one now");
    const auto summary = run.get("/api/usage/organization/" + id + "/summary", owner);
    run.expect(summary, "/plan/name", "Professional", "its plan");
    run.expect(summary, "/usage/users/current_count", "4", "members and invitations");
    run.expect(summary, "/usage/users/limit", "10", "of");
    run.expect_status(
        run.get("/api/usage/organization/" + id + "/summary", run.token_of("stranger")), 404,
        "a stranger finds nothing");
}

void sell_lessons(SmokeRun& run) {
    run.step("learning-app: thirty minutes are free each day; a paid page ends the limit");
    const std::string prefix = "/api/v1/payments";
    const auto name = run.fresh("ada");
    const auto user = run.token_of(name);
    run.expect(run.get(prefix + "/pricing", ""), "/tiers/1/price_amount", "999",
               "Premium costs, in cents");
    run.expect(run.get(prefix + "/usage", user), "/ai_minutes_limit", "30", "minutes a day");
    const auto talk = [&](int minutes) {
        return run.post("/v1/usage/consume", run.admin(),
                        Json{{"customer", "learning-app~" + name},
                             {"meter", "ai_minutes"},
                             {"quantity", minutes}});
    };
    run.expect_status(talk(30), 200, "thirty minutes");
    const auto stopped = talk(1);
    run.expect_status(stopped, 402, "one more");
    run.expect(stopped, "/upgrade/plan", "premium", "what would help");
    const auto page = run.post(prefix + "/create-checkout-session", user,
                               Json{{"tier", "premium"},
                                    {"success_url", "http://localhost:3000/thanks"},
                                    {"cancel_url", "http://localhost:3000/plans"}});
    run.expect_status(page, 200, "POST /create-checkout-session");
    run.pay(value_at(page.body, "/url"));
    // As the app does when its user comes back, maybe before the webhook.
    const auto session = value_at(page.body, "/checkout_session");
    run.expect(run.get("/v1/checkout_sessions/" + session, run.admin()), "/status", "complete",
               "the checkout is");
    run.expect(run.get(prefix + "/subscription", user), "/tier", "premium", "the tier");
    run.expect(run.get(prefix + "/usage", user), "/ai_minutes_limit", "-1", "minutes a day now");
    run.expect(run.get(prefix + "/invoices?limit=10", user), "/data/0/amount", "999",
               "the invoice, in cents");
    const auto plus =
        run.post("/v1/entitlements/check", run.admin(),
                 Json{{"customer", "learning-app~" + name}, {"feature", "tier_plus"}});
    run.expect(plus, "/upgrade/plan", "plus", "a route that needs Plus asks for");
}

void sell_attribution(SmokeRun& run) {
    run.step(
        "attribution: a receipt opens one page for one key, pays, and passes the gates of Pro");
    const auto receipt = run.fresh("receipt");
    const auto may = [&](const std::string& feature) {
        return run.post("/v1/entitlements/check", run.admin(),
                        Json{{"customer", "attribution~" + receipt}, {"feature", feature}});
    };
    const auto buy = [&](const http::Headers& headers) {
        return run.post("/api/billing/create-checkout", "",
                        Json{{"receipt", receipt}, {"tier", "pro"}}, headers);
    };
    run.expect_status(buy({}), 400, "without an Idempotency-Key");
    const http::Headers key{{"Idempotency-Key", run.fresh("key")}};
    const auto page = buy(key);
    run.expect_status(page, 200, "POST /api/billing/create-checkout");
    run.expect(may("batch_generate"), "/upgrade/plan", "pro", "batches ask for");
    const auto session = value_at(page.body, "/checkout_session");
    run.expect(buy(key), "/checkout_session", session, "the same key opens the same page");
    run.pay(value_at(page.body, "/checkout_url"));
    run.expect_status(run.get("/api/billing/success?session=" + session, ""), 200,
                      "the page that it leads to");
    run.expect(may("batch_generate"), "/allowed", "true", "batches are allowed");
    run.expect(may("advanced_export"), "/upgrade/plan", "scale", "advanced exports ask for");
    run.expect_status(buy({{"Idempotency-Key", run.fresh("again")}}), 402, "buying it again");
    const auto events = run.get("/admin/webhooks", run.admin());
    run.expect_status(events, 200, "GET /admin/webhooks");
    run.expect(events, "/dead", "0", "events that were given up");
}

}  // namespace turnpike
