#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "access/principal.h"
#include "access/rate_limit.h"
#include "base/error.h"

namespace turnpike {

/// Who may call a route. Object-level rights (whose invoice?) are the handler's business.
enum class Who : std::uint8_t {
    Public,              ///< anybody; no credential is asked for, and none is read
    OptionalCredential,  ///< anybody; who sends a credential in a header is known, and held to it:
                         ///< it must be good, and a seller's key must have the scope
    Customer,  ///< a user acting for himself, with his JWT: a customer's key may sit in software
               ///< that must not cancel or upgrade
    Seller,    ///< a seller key with the scope, or an administrator
    CustomerOrSeller,  ///< a customer for himself, or whoever passes Seller
    Admin,             ///< an administrator's JWT only
    Gateway,           ///< a customer for himself, or a seller key with the scope naming a customer
    User,              ///< a person with a session or a token, a superuser too
    Member,            ///< a user with the role in the organization, or whoever passes Seller
};

/// What an Idempotency-Key means on a POST. On other methods it means nothing, and where nobody
/// says who he is, only when it is required (takes_key).
enum class Repeats : std::uint8_t {
    Keyed,        ///< with a key, a repetition gets the first answer; without, it is done again
    KeyRequired,  ///< refused without a key
    OwnIdentity,  ///< what is sent names itself (source and id; a hold): no answer is kept
    Harmless,  ///< only asks, or holds a password, of which no hash is to be kept: keys are ignored
};

/// What one route asks of its caller. `pattern` is the router's: "/v1/plans/{plan}".
struct Policy {
    std::string_view method;  ///< "GET"; HEAD follows GET
    std::string_view pattern;
    Who who = Who::Admin;
    std::optional<Scope> scope;  ///< set exactly for those that a seller's key may call
    RateClass rate = RateClass::None;
    /// The published interface whose route it is; "": it is always served.
    std::string_view preset{};
    /// Set exactly for Member. Whether the caller has it, the people feature finds out.
    std::optional<OrgRole> role{};
    Repeats repeats = Repeats::Keyed;

    /// The same for a route of one interface.
    [[nodiscard]] constexpr Policy of(std::string_view interface) const {
        Policy policy = *this;
        policy.preset = interface;
        return policy;
    }
    [[nodiscard]] constexpr Policy with(Repeats kind) const {
        Policy same = *this;
        same.repeats = kind;
        return same;
    }

    // The rows of the table below, by kind.
    static constexpr Policy open(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Public, std::nullopt, RateClass::Page, {}};
    }
    /// Asked by what watches the server, which must never be told that it asks too often.
    static constexpr Policy probe(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Public, std::nullopt, RateClass::None, {}};
    }
    /// What comes in there is signed by a payment provider.
    static constexpr Policy provider(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Public, std::nullopt, RateClass::Webhook};
    }
    static constexpr Policy own(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Customer, std::nullopt, RateClass::Billing, {}};
    }
    static constexpr Policy seller(std::string_view method, std::string_view pattern, Scope scope) {
        return {method, pattern, Who::Seller, scope, RateClass::None, {}};
    }
    static constexpr Policy keys(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Seller, Scope::KeysWrite, RateClass::Billing, {}};
    }
    static constexpr Policy either(std::string_view method, std::string_view pattern, Scope scope) {
        return {method, pattern, Who::CustomerOrSeller, scope, RateClass::None, {}};
    }
    static constexpr Policy gateway(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Gateway, Scope::UsageWrite, RateClass::None, {}};
    }
    static constexpr Policy sign_in(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Public, std::nullopt, RateClass::SignIn};
    }
    static constexpr Policy user(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::User, std::nullopt, RateClass::Billing};
    }
    static constexpr Policy admin(std::string_view method, std::string_view pattern) {
        return {method, pattern, Who::Admin, std::nullopt, RateClass::None};
    }
    /// Reading asks a seller's key for customers:read, everything else for customers:write.
    static constexpr Policy member(std::string_view method, std::string_view pattern,
                                   OrgRole role) {
        const auto scope = method == "GET" ? Scope::CustomersRead : Scope::CustomersWrite;
        return {method, pattern, Who::Member, scope, RateClass::None, {}, role};
    }
    /// The same about what the organization buys.
    static constexpr Policy buyer(std::string_view method, std::string_view pattern, OrgRole role) {
        if (method == "GET")
            return {method, pattern, Who::Member, Scope::BillingRead, RateClass::None, {}, role};
        return {method, pattern, Who::Member, Scope::BillingWrite, RateClass::Billing, {}, role};
    }
};

/// THE table: every route of the server. A route that is not here must not be served, so that a new
/// route is closed until somebody has decided who may call it.
inline constexpr auto kPolicies = [] {
    using enum Scope;
    constexpr std::string_view kApiMetering = "api-metering";
    constexpr std::string_view kSaasOrgs = "saas-orgs";
    constexpr std::string_view kLearningApp = "learning-app";
    constexpr std::string_view kAttribution = "attribution";
    return std::to_array<Policy>({
        Policy::open("GET", "/"),
        Policy::probe("GET", "/healthz"),
        Policy::probe("GET", "/readyz"),
        Policy::probe("GET", "/health"),
        Policy::probe("GET", "/health/billing").of(kApiMetering),
        Policy::probe("GET", "/metrics"),
        Policy::open("GET", "/openapi.json"),
        Policy::provider("POST", "/webhooks/stripe"),
        Policy::provider("POST", "/webhooks/razorpay"),
        Policy::provider("POST", "/webhook/stripe").of(kAttribution),
        Policy::provider("POST", "/webhook/razorpay").of(kAttribution),
        Policy::provider("POST", "/api/webhooks/stripe").of(kSaasOrgs),
        Policy::provider("POST", "/api/v1/payments/webhook").of(kLearningApp),

        Policy::open("GET", "/pricing").of(kApiMetering),
        Policy::own("POST", "/billing/subscribe").of(kApiMetering),
        Policy::own("POST", "/billing/upgrade").of(kApiMetering),
        Policy::own("POST", "/billing/cancel").of(kApiMetering),
        Policy::own("GET", "/billing/status").of(kApiMetering),
        Policy::own("GET", "/billing/payment-methods").of(kApiMetering),
        Policy::own("POST", "/billing/payment-methods").of(kApiMetering),
        Policy::own("DELETE", "/billing/payment-methods/{payment_method}").of(kApiMetering),
        Policy::own("POST", "/billing/payment-methods/{payment_method}/default").of(kApiMetering),
        Policy::own("GET", "/billing/portal").of(kApiMetering),
        Policy::own("GET", "/billing/invoices").of(kApiMetering),
        {"GET", "/billing/admin/stats", Who::Seller, BillingRead, RateClass::Billing, kApiMetering},

        Policy::seller("GET", "/v1/customers", CustomersRead),
        Policy::seller("POST", "/v1/customers", CustomersWrite),
        Policy::seller("GET", "/v1/customers/{customer}", CustomersRead),
        Policy::seller("PATCH", "/v1/customers/{customer}", CustomersWrite),

        Policy::either("GET", "/v1/plans", CatalogRead),
        Policy::either("GET", "/v1/plans/{plan}", CatalogRead),
        Policy::seller("POST", "/v1/plans", CatalogWrite),
        Policy::seller("PATCH", "/v1/plans/{plan}", CatalogWrite),
        Policy::seller("DELETE", "/v1/plans/{plan}", CatalogWrite),
        Policy::either("GET", "/v1/plans/{plan}/versions", CatalogRead),
        Policy::seller("POST", "/v1/plans/{plan}/migrate/preview", BillingRead)
            .with(Repeats::Harmless),
        Policy::seller("POST", "/v1/plans/{plan}/migrate", BillingWrite),
        Policy::seller("GET", "/v1/plan_migrations", BillingRead),
        Policy::seller("GET", "/v1/plan_migrations/{plan_migration}", BillingRead),
        Policy::seller("POST", "/v1/plan_migrations/{plan_migration}/cancel", BillingWrite),
        Policy::either("GET", "/v1/features", CatalogRead),
        Policy::seller("POST", "/v1/features", CatalogWrite),
        Policy::either("GET", "/v1/customers/{customer}/entitlements", UsageRead),
        Policy::seller("PUT", "/v1/customers/{customer}/entitlements/{feature}", BillingWrite),
        Policy::seller("DELETE", "/v1/customers/{customer}/entitlements/{feature}", BillingWrite),

        Policy::seller("POST", "/v1/events", UsageWrite).with(Repeats::OwnIdentity),
        Policy::seller("GET", "/v1/events", UsageRead),
        Policy::seller("GET", "/v1/events/{event}", UsageRead),
        Policy::seller("POST", "/v1/usage/consume", UsageWrite).with(Repeats::OwnIdentity),
        Policy::seller("POST", "/v1/usage/reserve", UsageWrite).with(Repeats::OwnIdentity),
        Policy::seller("GET", "/v1/usage/reservations/{reservation}", UsageRead),
        Policy::seller("POST", "/v1/usage/reservations/{reservation}/commit", UsageWrite)
            .with(Repeats::OwnIdentity),
        Policy::seller("POST", "/v1/usage/reservations/{reservation}/release", UsageWrite)
            .with(Repeats::OwnIdentity),
        Policy::seller("GET", "/v1/usage", UsageRead),
        Policy::either("GET", "/v1/usage/series", UsageRead),
        Policy::seller("GET", "/v1/usage/top", UsageRead),
        Policy::either("GET", "/v1/usage/groups", UsageRead),
        Policy::either("GET", "/v1/usage/routes", UsageRead),
        Policy::either("GET", "/v1/usage/forecast", UsageRead),
        Policy::either("GET", "/v1/usage/alerts", UsageRead),
        Policy::either("POST", "/v1/entitlements/check", UsageRead).with(Repeats::Harmless),
        Policy::gateway("GET", "/v1/gateway/authorize"),
        Policy::gateway("POST", "/v1/gateway/authorize").with(Repeats::OwnIdentity),
        // Envoy asks with the method of the request that it asks about.
        Policy::gateway("GET", "/v1/gateway/envoy/**"),
        Policy::gateway("POST", "/v1/gateway/envoy/**").with(Repeats::OwnIdentity),
        Policy::gateway("PUT", "/v1/gateway/envoy/**"),
        Policy::gateway("PATCH", "/v1/gateway/envoy/**"),
        Policy::gateway("DELETE", "/v1/gateway/envoy/**"),
        Policy::gateway("OPTIONS", "/v1/gateway/envoy/**"),

        Policy::either("POST", "/ofrep/v1/evaluate/flags", UsageRead).with(Repeats::Harmless),
        Policy::either("POST", "/ofrep/v1/evaluate/flags/{key}", UsageRead).with(Repeats::Harmless),

        Policy::seller("GET", "/v1/subscriptions", BillingRead),
        Policy::seller("GET", "/v1/subscriptions/{subscription}", BillingRead),
        Policy::seller("GET", "/v1/subscriptions/expiring", BillingRead),
        Policy::seller("GET", "/v1/subscriptions/failing", BillingRead),
        Policy::seller("GET", "/v1/subscriptions/{subscription}/health", BillingRead),
        Policy::seller("GET", "/v1/monitor", BillingRead),
        Policy::seller("GET", "/v1/monitor/findings", BillingRead),
        Policy::seller("POST", "/v1/subscriptions", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/change", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/cancel", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/keep", BillingWrite),
        Policy::seller("GET", "/v1/subscriptions/{subscription}/events", BillingRead),
        Policy::seller("POST", "/v1/subscriptions/preview", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/preview_change", BillingWrite),
        Policy::seller("POST", "/v1/checkout_sessions", BillingWrite),
        Policy::seller("GET", "/v1/checkout_sessions/{checkout_session}", BillingRead),
        Policy::seller("POST", "/v1/checkout_sessions/{checkout_session}/expire", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/cancel_pending_change",
                       BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/pause", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/resume", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/end_trial", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/reactivate", BillingWrite),
        Policy::seller("POST", "/v1/subscriptions/{subscription}/move", BillingWrite),
        Policy::seller("GET", "/v1/customers/{customer}/payment_methods", BillingRead),
        Policy::seller("POST", "/v1/customers/{customer}/payment_methods", BillingWrite),
        Policy::seller("DELETE", "/v1/customers/{customer}/payment_methods/{payment_method}",
                       BillingWrite),
        Policy::seller("POST", "/v1/customers/{customer}/payment_methods/{payment_method}/default",
                       BillingWrite),
        Policy::seller("POST", "/v1/customers/{customer}/portal_sessions", BillingWrite),
        Policy::seller("GET", "/v1/customers/{customer}/recommendations", BillingRead),
        Policy::seller("GET", "/v1/revenue", BillingRead),
        Policy::seller("GET", "/v1/figures", BillingRead),
        Policy::either("GET", "/v1/invoices", BillingRead),
        Policy::either("GET", "/v1/invoices.csv", BillingRead),
        Policy::either("GET", "/v1/invoices/{invoice}", BillingRead),
        Policy::either("GET", "/v1/invoices/{invoice}/pdf", BillingRead),
        Policy::seller("POST", "/v1/invoices/{invoice}/refunds", BillingWrite),
        Policy::either("GET", "/v1/refunds", BillingRead),
        Policy::either("GET", "/v1/disputes", BillingRead),
        Policy::either("GET", "/v1/invoice_lines/{invoice_line}/explain", BillingRead),

        Policy::keys("GET", "/v1/api_keys"),
        Policy::keys("POST", "/v1/api_keys"),
        Policy::keys("DELETE", "/v1/api_keys/{api_key}"),

        Policy::sign_in("POST", "/v1/auth/signup"),
        Policy::sign_in("POST", "/v1/auth/login"),
        Policy::sign_in("POST", "/v1/auth/password_reset"),
        Policy::sign_in("POST", "/v1/auth/password_reset/confirm"),
        Policy::user("POST", "/v1/auth/logout"),
        Policy::user("GET", "/v1/auth/me"),
        Policy::user("POST", "/v1/auth/password").with(Repeats::Harmless),
        Policy::user("GET", "/v1/auth/sessions"),
        Policy::user("DELETE", "/v1/auth/sessions/{session}"),
        Policy::admin("GET", "/v1/users"),
        Policy::admin("GET", "/v1/users/{user}"),
        Policy::admin("POST", "/v1/users/{user}/deactivate"),
        Policy::admin("POST", "/v1/users/{user}/activate"),
        Policy::admin("POST", "/v1/users/{user}/reset_link"),
        Policy::member("GET", "/v1/organizations", OrgRole::Member),
        Policy::member("POST", "/v1/organizations", OrgRole::Member),
        Policy::member("GET", "/v1/organizations/{organization}", OrgRole::Member),
        Policy::member("PATCH", "/v1/organizations/{organization}", OrgRole::Admin),
        Policy::member("POST", "/v1/organizations/{organization}/deactivate", OrgRole::Owner),
        Policy::member("POST", "/v1/organizations/{organization}/reactivate", OrgRole::Owner),
        Policy::member("POST", "/v1/organizations/{organization}/transfer", OrgRole::Owner),
        Policy::member("POST", "/v1/organizations/{organization}/leave", OrgRole::Member),
        Policy::member("GET", "/v1/organizations/{organization}/members", OrgRole::Member),
        Policy::member("PATCH", "/v1/organizations/{organization}/members/{user}", OrgRole::Admin),
        Policy::member("DELETE", "/v1/organizations/{organization}/members/{user}", OrgRole::Admin),
        Policy::member("GET", "/v1/organizations/{organization}/invitations", OrgRole::Admin),
        Policy::member("POST", "/v1/organizations/{organization}/invitations", OrgRole::Admin),
        Policy::member("DELETE", "/v1/organizations/{organization}/invitations/{invitation}",
                       OrgRole::Admin),
        Policy::buyer("GET", "/v1/organizations/{organization}/payment_methods", OrgRole::Admin),
        Policy::buyer("POST", "/v1/organizations/{organization}/payment_methods", OrgRole::Admin),
        Policy::buyer("POST", "/v1/organizations/{organization}/portal_sessions", OrgRole::Admin),
        Policy::user("POST", "/v1/invitations/accept"),
        Policy::member("GET", "/v1/organizations/{organization}/projects", OrgRole::Member),
        Policy::member("POST", "/v1/organizations/{organization}/projects", OrgRole::Member),
        Policy::member("GET", "/v1/organizations/{organization}/projects/{project}",
                       OrgRole::Member),
        Policy::member("PATCH", "/v1/organizations/{organization}/projects/{project}",
                       OrgRole::Member),
        Policy::member("POST", "/v1/organizations/{organization}/projects/{project}/archive",
                       OrgRole::Admin),

        Policy::open("GET", "/api/plans").of(kSaasOrgs),
        Policy::open("GET", "/api/plans/{plan_id}").of(kSaasOrgs),
        Policy::admin("POST", "/api/plans").of(kSaasOrgs),
        Policy::admin("PUT", "/api/plans/{plan_id}").of(kSaasOrgs),
        Policy::admin("DELETE", "/api/plans/{plan_id}").of(kSaasOrgs),
        Policy::buyer("POST", "/api/subscriptions", OrgRole::Admin).of(kSaasOrgs),
        Policy::buyer("GET", "/api/subscriptions/organization/{org_id}", OrgRole::Member)
            .of(kSaasOrgs),
        Policy::buyer("GET", "/api/subscriptions/{subscription_id}", OrgRole::Member).of(kSaasOrgs),
        Policy::buyer("PUT", "/api/subscriptions/{subscription_id}", OrgRole::Admin).of(kSaasOrgs),
        Policy::buyer("POST", "/api/subscriptions/{subscription_id}/cancel", OrgRole::Admin)
            .of(kSaasOrgs),
        Policy::admin("GET", "/api/admin/dashboard").of(kSaasOrgs),
        Policy::admin("GET", "/api/admin/organizations").of(kSaasOrgs),
        Policy::admin("GET", "/api/admin/users/{user_id}/details").of(kSaasOrgs),
        Policy::admin("GET", "/api/admin/subscriptions/expiring").of(kSaasOrgs),
        Policy::admin("GET", "/api/admin/subscriptions/failed-payments").of(kSaasOrgs),
        Policy::member("GET", "/api/usage/organization/{org_id}/summary", OrgRole::Member)
            .of(kSaasOrgs),
        Policy::member("GET", "/api/usage/organization/{org_id}/users/limit", OrgRole::Member)
            .of(kSaasOrgs),
        Policy::member("GET", "/api/usage/organization/{org_id}/projects/limit", OrgRole::Member)
            .of(kSaasOrgs),

        Policy::own("POST", "/api/v1/payments/create-checkout-session").of(kLearningApp),
        Policy::own("GET", "/api/v1/payments/subscription").of(kLearningApp),
        Policy::own("POST", "/api/v1/payments/cancel-subscription").of(kLearningApp),
        Policy::own("GET", "/api/v1/payments/invoices").of(kLearningApp),
        Policy::own("POST", "/api/v1/payments/customer-portal").of(kLearningApp),
        Policy::own("GET", "/api/v1/payments/usage").of(kLearningApp),
        Policy::open("GET", "/api/v1/payments/pricing").of(kLearningApp),

        // Its customers are named by a receipt, and need show nothing else.
        Policy{"POST", "/api/billing/create-checkout", Who::OptionalCredential, BillingWrite,
               RateClass::Billing}
            .of(kAttribution)
            .with(Repeats::KeyRequired),
        Policy{"GET", "/api/billing/success", Who::Public, std::nullopt, RateClass::Billing}.of(
            kAttribution),
        Policy::open("GET", "/api/billing/cancel").of(kAttribution),
        Policy::either("GET", "/api/billing/usage", UsageRead).of(kAttribution),
        Policy::admin("GET", "/admin/webhooks").of(kAttribution),
        Policy::admin("POST", "/admin/webhooks/{event}/resend")
            .of(kAttribution)
            .with(Repeats::KeyRequired),

        Policy::seller("GET", "/v1/test_clocks", Operations),
        Policy::seller("POST", "/v1/test_clocks", Operations),
        Policy::seller("GET", "/v1/test_clocks/{test_clock}", Operations),
        Policy::seller("POST", "/v1/test_clocks/{test_clock}/advance", Operations),
        Policy::seller("POST", "/v1/reconciliations", Operations),
        Policy::seller("POST", "/v1/recomputations", Operations),
        Policy::seller("GET", "/v1/audit_events", Operations),
        Policy::seller("GET", "/v1/webhook_events", Operations),
        // The token says whose reminders end.
        Policy::open("GET", "/v1/unsubscribe/{token}"),
        Policy::open("POST", "/v1/unsubscribe/{token}"),

        Policy::seller("GET", "/v1/webhook_endpoints", Operations),
        Policy::seller("POST", "/v1/webhook_endpoints", Operations),
        Policy::seller("GET", "/v1/webhook_endpoints/{endpoint}", Operations),
        Policy::seller("PATCH", "/v1/webhook_endpoints/{endpoint}", Operations),
        Policy::seller("DELETE", "/v1/webhook_endpoints/{endpoint}", Operations),
        Policy::seller("POST", "/v1/webhook_endpoints/{endpoint}/enable", Operations),
        Policy::seller("POST", "/v1/webhook_endpoints/{endpoint}/disable", Operations),
        Policy::seller("POST", "/v1/webhook_endpoints/{endpoint}/rotate_secret", Operations),
        Policy::seller("POST", "/v1/webhook_endpoints/{endpoint}/test", Operations),
        Policy::seller("POST", "/v1/webhook_endpoints/{endpoint}/replay", Operations),
        Policy::seller("GET", "/v1/webhook_endpoints/{endpoint}/deliveries", Operations),
        Policy::seller("GET", "/v1/webhook_endpoints/{endpoint}/deliveries/{delivery}", Operations),
        Policy::seller("POST", "/v1/webhook_endpoints/{endpoint}/deliveries/{delivery}/replay",
                       Operations),
        Policy::seller("GET", "/v1/alert_destinations", Operations),
        Policy::seller("POST", "/v1/alert_destinations", Operations),
        Policy::seller("GET", "/v1/alert_destinations/{endpoint}", Operations),
        Policy::seller("PATCH", "/v1/alert_destinations/{endpoint}", Operations),
        Policy::seller("DELETE", "/v1/alert_destinations/{endpoint}", Operations),
        Policy::seller("POST", "/v1/alert_destinations/{endpoint}/enable", Operations),
        Policy::seller("POST", "/v1/alert_destinations/{endpoint}/disable", Operations),
        Policy::seller("POST", "/v1/alert_destinations/{endpoint}/rotate_secret", Operations),
        Policy::seller("POST", "/v1/alert_destinations/{endpoint}/test", Operations),
        Policy::seller("POST", "/v1/alert_destinations/{endpoint}/replay", Operations),
        Policy::seller("GET", "/v1/alert_destinations/{endpoint}/deliveries", Operations),
        Policy::seller("GET", "/v1/alert_destinations/{endpoint}/deliveries/{delivery}",
                       Operations),
        Policy::seller("POST", "/v1/alert_destinations/{endpoint}/deliveries/{delivery}/replay",
                       Operations),
    });
}();

/// Takes the place of its row where the seller does not let a receipt alone open checkout pages
/// (attribution.checkout_needs_key).
inline constexpr Policy kKeyedCheckout = Policy{"POST", "/api/billing/create-checkout", Who::Seller,
                                                Scope::BillingWrite, RateClass::Billing}
                                             .of("attribution")
                                             .with(Repeats::KeyRequired);

/// The policy of one route; nullptr when the table does not know it. `pattern` must be written as
/// in the table. Constexpr, so that a route table can refuse to compile:
/// `static_assert(policy_of("GET", "/v1/plans") != nullptr)`.
constexpr const Policy* policy_of(std::string_view method, std::string_view pattern) {
    for (const Policy& policy : kPolicies)
        if (policy.method == method && policy.pattern == pattern) return &policy;
    return nullptr;
}

/// Whether the route is there for somebody without a credential, too.
constexpr bool lets_in_anybody(const Policy& policy) {
    return policy.who == Who::Public || policy.who == Who::OptionalCredential;
}

/// Whether an Idempotency-Key means something on this route. Where nobody says who he is, only when
/// the route demands one: then everybody's keys are of one space, and a body of somebody else's is
/// refused like another body of one's own.
constexpr bool takes_key(const Policy& policy) {
    if (policy.method != "POST") return false;
    if (policy.repeats == Repeats::KeyRequired) return true;
    return policy.repeats == Repeats::Keyed && !lets_in_anybody(policy);
}

/// Function-level authorization. Pure.
///
/// Errors: Unauthenticated "access.unauthenticated" when the caller showed no credential;
///         Forbidden "access.forbidden", naming what is missing.
Result<void> authorize(const Policy& policy, const Principal& principal);

}  // namespace turnpike
