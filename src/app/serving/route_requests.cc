#include "app/serving/route_requests.h"

namespace turnpike {
namespace {

using Table = std::map<std::string, RouteRequest>;

const RouteRequest kOk{};
/// Its body lacks what it needs.
const RouteRequest kIncomplete{.body = "{}", .status = 400, .absent = 400};
/// Of one customer, who is named in the query.
const RouteRequest kOfCustomer{.query = "customer={customer}"};
const RouteRequest kPapers{.query = "customer={customer}", .shown_to_admins = true};
const RouteRequest kPaper{.shown_to_admins = true};

/// Whoever comes is answered alike.
void add_public(Table& table) {
    for (const char* page :
         {"/", "/healthz", "/health", "/health/billing", "/metrics", "/openapi.json", "/pricing",
          "/api/plans", "/api/plans/{plan_id}", "/api/v1/payments/pricing", "/api/billing/success",
          "/api/billing/cancel"})
        table[std::string("GET ") + page] = kOk;
    table["GET /readyz"] = {.status = 503};  // this server's jobs do not run
    // Not signed by the provider; Razorpay is not configured.
    for (const char* hook : {"/webhooks/stripe", "/webhook/stripe", "/api/webhooks/stripe",
                             "/api/v1/payments/webhook"})
        table[std::string("POST ") + hook] = {.body = "{}", .status = 400};
    for (const char* hook : {"/webhooks/razorpay", "/webhook/razorpay"})
        table[std::string("POST ") + hook] = {.body = "{}", .status = 404};
    for (const char* form : {"signup", "login", "password_reset", "password_reset/confirm"})
        table[std::string("POST /v1/auth/") + form] = kIncomplete;
    table["POST /api/billing/create-checkout"] = kIncomplete;  // without an Idempotency-Key
    table["GET /v1/unsubscribe/{token}"] = {.status = 404};
    table["POST /v1/unsubscribe/{token}"] = {.status = 404};
}

void add_own(Table& table) {
    const RouteRequest no_such_tier{.body = R"({"tier":"none"})", .status = 400};
    table["POST /billing/subscribe"] = no_such_tier;
    table["POST /billing/upgrade"] = no_such_tier;
    table["POST /billing/cancel"] = {.body = R"({"immediate":"no"})", .status = 400};
    table["GET /billing/status"] = kOk;
    table["GET /billing/payment-methods"] = kOk;
    table["POST /billing/payment-methods"] = kIncomplete;
    table["DELETE /billing/payment-methods/{payment_method}"] = kOk;
    table["POST /billing/payment-methods/{payment_method}/default"] = kOk;
    const std::string elsewhere = "https://evil.example/";
    table["GET /billing/portal"] = {.query = "return_url=" + elsewhere, .status = 422};
    table["GET /billing/invoices"] = kOk;
    const std::string payments = "/api/v1/payments/";
    table["POST " + payments + "create-checkout-session"] = kIncomplete;
    table["GET " + payments + "subscription"] = kOk;
    table["POST " + payments + "cancel-subscription"] = {.query = "immediate=perhaps",
                                                         .status = 400};
    table["GET " + payments + "invoices"] = kOk;
    table["POST " + payments + "customer-portal"] = {
        .body = R"({"return_url":")" + elsewhere + R"("})", .status = 422};
    table["GET " + payments + "usage"] = kOk;
    for (const char* what :
         {"GET /v1/auth/me", "GET /v1/auth/sessions", "DELETE /v1/auth/sessions/{session}"})
        table[what] = kOk;
    table["POST /v1/auth/logout"] = {.to_token = 409};
    table["POST /v1/auth/password"] = kIncomplete;
    table["POST /v1/invitations/accept"] = kIncomplete;
}

/// For customers and the seller.
void add_shared(Table& table) {
    for (const char* what : {"/v1/plans", "/v1/plans/{plan}", "/v1/plans/{plan}/versions",
                             "/v1/features", "/v1/customers/{customer}/entitlements"})
        table[std::string("GET ") + what] = kOk;
    const std::string about = "meter=api_calls&customer={customer}";
    table["GET /v1/usage/series"] = {.query = about};
    // Nothing groups by this meter.
    table["GET /v1/usage/groups"] = {.query = about, .status = 400};
    table["GET /v1/usage/routes"] = kOfCustomer;
    table["GET /v1/usage/forecast"] = {.query = about};
    table["GET /v1/usage/alerts"] = kOfCustomer;
    table["POST /v1/entitlements/check"] = {.body =
                                                R"({"customer":"{customer}","meter":"api_calls"})"};
    const RouteRequest flags{.body = R"({"context":{"targetingKey":"{customer}"}})", .absent = 400};
    table["POST /ofrep/v1/evaluate/flags"] = flags;
    table["POST /ofrep/v1/evaluate/flags/{key}"] = flags;
    table["GET /v1/invoices"] = kPapers;
    table["GET /v1/invoices.csv"] = kPapers;
    table["GET /v1/refunds"] = kPapers;
    table["GET /v1/disputes"] = kPapers;
    table["GET /v1/invoices/{invoice}"] = kPaper;
    table["GET /v1/invoices/{invoice}/pdf"] = kPaper;
    table["GET /v1/invoice_lines/{invoice_line}/explain"] = kPaper;
    table["GET /api/billing/usage"] = {.query = "receipt={receipt}"};

    const RouteRequest route{
        .query = "refusals=exact&customer={customer}",
        .means_himself = true,
        .headers = {{"X-Original-URI", "/signals"}, {"X-Original-Method", "GET"}}};
    table["GET /v1/gateway/authorize"] = route;
    table["POST /v1/gateway/authorize"] = route;
    // Envoy's question cannot name a customer.
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
        table[std::string(method) + " /v1/gateway/envoy/**"] = {.to_seller = 400};
}

void add_selling(Table& table) {
    for (const char* what :
         {"/billing/admin/stats", "/v1/customers", "/v1/customers/{customer}", "/v1/events",
          "/v1/events/{event}", "/v1/usage/reservations/{reservation}", "/v1/plan_migrations",
          "/v1/plan_migrations/{plan_migration}", "/v1/revenue", "/v1/figures", "/v1/api_keys",
          "/v1/customers/{customer}/recommendations"})
        table[std::string("GET ") + what] = kOk;
    table["GET /v1/events"] = kOfCustomer;
    table["GET /v1/usage"] = kOfCustomer;
    table["GET /v1/usage/top"] = {.query = "meter=api_calls"};
    table["GET /v1/revenue"] = {.query = "currency=usd"};
    for (const char* what : {"/v1/customers", "/v1/plans", "/v1/features", "/v1/usage/consume",
                             "/v1/usage/reserve", "/v1/api_keys"})
        table[std::string("POST ") + what] = kIncomplete;
    table["POST /v1/events"] = {.body = "{}"};  // each event has a verdict of its own
    table["PATCH /v1/customers/{customer}"] = {.body = R"({"name":"N"})"};
    const RouteRequest unknown_member{.body = R"({"unknown":1})", .status = 400, .absent = 400};
    table["PATCH /v1/plans/{plan}"] = unknown_member;
    table["DELETE /v1/plans/{plan}"] = {.status = 409, .parts = {{"plan", "free"}}};
    table["POST /v1/plans/{plan}/migrate/preview"] = {.body = "{}"};
    table["POST /v1/plans/{plan}/migrate"] = unknown_member;
    table["POST /v1/plan_migrations/{plan_migration}/cancel"] = kOk;
    const std::string entitlement = " /v1/customers/{customer}/entitlements/{feature}";
    table["PUT" + entitlement] = kIncomplete;
    table["DELETE" + entitlement] = kOk;
    const std::string reservation = "POST /v1/usage/reservations/{reservation}";
    table[reservation + "/commit"] = kIncomplete;
    table[reservation + "/release"] = kOk;
    table["POST /v1/invoices/{invoice}/refunds"] = unknown_member;
    table["DELETE /v1/api_keys/{api_key}"] = kOk;
    const std::string method = " /v1/customers/{customer}/payment_methods";
    table["GET" + method] = kOk;
    table["POST" + method] = kIncomplete;
    table["DELETE" + method + "/{payment_method}"] = kOk;
    table["POST" + method + "/{payment_method}/default"] = kOk;
    table["POST /v1/customers/{customer}/portal_sessions"] = {
        .body = R"({"return_url":"https://evil.example/"})", .status = 422, .absent = 422};
}

/// Each place's subscription has ended, so that nothing can be done with it.
void add_subscriptions(Table& table) {
    const std::string one = "/v1/subscriptions/{subscription}";
    table["GET /v1/subscriptions"] = kOfCustomer;
    for (const std::string what : {"/v1/subscriptions/expiring", "/v1/subscriptions/failing",
                                   "/v1/monitor", "/v1/monitor/findings"})
        table["GET " + what] = kOk;
    for (const char* of : {"", "/health", "/events"}) table["GET " + one + of] = kOk;
    table["POST /v1/subscriptions"] = kIncomplete;
    table["POST /v1/subscriptions/preview"] = kIncomplete;
    table["POST " + one + "/cancel"] = {.body = R"({"at":"now"})"};
    const RouteRequest ended{.status = 409};
    const RouteRequest ended_change{.body = R"({"plan":"starter"})", .status = 409};
    table["POST " + one + "/change"] = ended_change;
    table["POST " + one + "/preview_change"] = ended_change;
    for (const char* deed : {"/keep", "/cancel_pending_change", "/resume"})
        table["POST " + one + deed] = ended;
    for (const char* deed : {"/pause", "/end_trial"})
        table["POST " + one + deed] = {.body = "{}", .status = 409};
    table["POST " + one + "/reactivate"] = {
        .body = R"({"unknown":1})", .status = 400, .absent = 400};
    table["POST " + one + "/move"] = kIncomplete;
    table["POST /v1/checkout_sessions"] = kIncomplete;
    table["GET /v1/checkout_sessions/{checkout_session}"] = kOk;
    table["POST /v1/checkout_sessions/{checkout_session}/expire"] = kOk;
}

void add_operations(Table& table) {
    for (const char* what : {"/v1/test_clocks", "/v1/test_clocks/{test_clock}", "/v1/audit_events",
                             "/v1/webhook_events"})
        table[std::string("GET ") + what] = kOk;
    table["POST /v1/test_clocks"] = {.body = R"({"frozen_time":"soon"})", .status = 400};
    table["POST /v1/test_clocks/{test_clock}/advance"] = {
        .body = R"({"frozen_time":"2020-01-01T00:00:00Z"})", .status = 400};
    table["POST /v1/reconciliations"] = {.body = R"({"mode":"none"})", .status = 400};
    table["POST /v1/recomputations"] = {.body = R"({"unknown":1})", .status = 400};
    for (const std::string all : {"/v1/webhook_endpoints", "/v1/alert_destinations"}) {
        const std::string one = all + "/{endpoint}";
        for (const auto& what : {all, one, one + "/deliveries", one + "/deliveries/{delivery}"})
            table["GET " + what] = kOk;
        table["POST " + all] = kIncomplete;
        table["PATCH " + one] = {.body = R"({"description":"D"})"};
        table["DELETE " + one] = {.status = 204};
        table["POST " + one + "/enable"] = kOk;
        table["POST " + one + "/disable"] = kOk;
        table["POST " + one + "/rotate_secret"] = {.body = "{}"};
        table["POST " + one + "/test"] = {.status = 202};
        table["POST " + one + "/replay"] = {.body = R"({"since":"2020-01-01T00:00:00Z"})",
                                            .status = 202};
        // It is being sent already.
        table["POST " + one + "/deliveries/{delivery}/replay"] = {.status = 409};
    }
}

void add_administration(Table& table) {
    for (const char* what :
         {"/v1/users", "/v1/users/{user}", "/api/admin/dashboard", "/api/admin/organizations",
          "/api/admin/users/{user_id}/details", "/api/admin/subscriptions/expiring",
          "/api/admin/subscriptions/failed-payments", "/admin/webhooks"})
        table[std::string("GET ") + what] = kOk;
    table["POST /v1/users/{user}/deactivate"] = kOk;
    table["POST /v1/users/{user}/activate"] = kOk;
    table["POST /v1/users/{user}/reset_link"] = {.status = 201};
    table["POST /api/plans"] = kIncomplete;
    table["PUT /api/plans/{plan_id}"] = {.body = R"({"unknown":1})", .status = 400};
    table["DELETE /api/plans/{plan_id}"] = {.status = 409};
    table["POST /admin/webhooks/{event}/resend"] = kIncomplete;  // without an Idempotency-Key
}

}  // namespace

const std::map<std::string, RouteRequest>& route_requests() {
    static const Table table = [] {
        Table all;
        add_public(all);
        add_own(all);
        add_shared(all);
        add_selling(all);
        add_subscriptions(all);
        add_operations(all);
        add_administration(all);
        return all;
    }();
    return table;
}

}  // namespace turnpike
